"""Where a line of the overview leads: to a page of the rows, or while there is none to the admin's."""

from urllib.parse import quote

PLACES = {
    "job": "/admin/operations/scheduledjob/",
    "scheduler": "/admin/operations/scheduletick/",
    "beat": "/admin/operations/heartbeatlog/",
    "goals": "/sprint-board",
    "sessions": "/sessions",
    "model calls": "/model-usage",
    "skill calls": "/skill-health",
    "activities": "/activities",
    "lessons": "/lessons",
    "proposals": "/proposals",
    "budgets": "/budgets",
}
ROWS = {
    "goal": "/goals/{}",
    "session": "/sessions/{}",
    "skill": "/skills/{}",
    "proposal": "/proposals/{}",
    "lesson": "/lessons/{}",
    "event": "/admin/security/securityevent/{}/change/",
}


def place(name: str) -> str:
    return PLACES[name]


def row(kind: str, key: str) -> str:
    return ROWS[kind].format(quote(key, safe=""))
