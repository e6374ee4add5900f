"""The page of one session: what happened in it, on one time axis, at any length.

Which steps belong to a session:

- A model call with its `session_id`; an activity whose details, and a thought whose metadata, hold its id or the
  gateway's (NAMES in `belonging`). These name the session.
- What names no session is matched by time: it was reported between the session's start and end (two seconds later at
  most, and in the first 24 hours), and names the session's agent or none. Skill invocations name neither; of a session
  of the skill runner only those of its skill and function are taken. Such steps are marked, and their cost and tokens
  are in no total, for they may be another session's that ran meanwhile.
- A child session names its parent in its metadata; one with `:subagent:` in its key that names none is matched by time.

When a step happened: a row is written when its call is over, so a call ends at `created_at` and began its latency or
duration earlier. Activities and thoughts are moments.
"""
