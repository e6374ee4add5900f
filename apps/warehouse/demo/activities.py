"""What the activity log says: actions, their skill, and their words."""

from random import Random

from apps.warehouse.demo.copying import dumps, escape
from apps.warehouse.demo.phrases import Phrases

MESSAGES = {
    "cron_execution": (
        "Done in {few} steps, nothing to report",
        "Wrote {few} notes on {topic}",
        "Skipped, the last run is only {few} minutes old",
        "Moved {few} cards and told {person}",
        "{few} checks needed a second try because of {error}",
    ),
    "heartbeat": (
        "All services answer, slowest is {service} with {seconds}",
        "{service} answers again after {few} minutes",
        "Healthy; {few} jobs due in the next hour",
        "{service} is slow: {seconds} instead of the usual 0.2 s",
    ),
    "goal_progress": (
        "{few} of {few} steps done for {project}",
        "Blocked: waiting for {person} to decide on {topic}",
        "First draft on {topic} is ready for review",
        "Moved to doing: {topic} in {project}",
        "Cut the cost of {job} by {percent}",
    ),
    "six_hour_review": (
        "{few} goals moved, {percent} fewer failures than before; {skill} needs a look",
        "Spent {dollars} in six hours, most of it on {model}; {topic} can wait",
        "Quiet {part}. {few} memories merged, {few} lessons confirmed",
        "{skill} fails too often ({error}); proposed a fix",
    ),
    "git_commit": (
        "{skill}: retry once on {error}",
        "{skill}: cache answers for {few} minutes",
        "Document how {project} handles {topic}",
        "Bound {table} reads to {few} days",
        "Fix off-by-one in {job}",
    ),
    "comment_posted": (
        "Answered {handle} on {topic}",
        "Asked {handle} for a source on {topic}",
        "Thanked {handle} for the pull request to {project}",
    ),
    "social_post": (
        "Shared {few} things learned about {topic}",
        "Weekly thread on {project}: what broke, what held",
        "Poll: would you trust an agent with {topic}?",
    ),
    "think": (
        "If {topic} is the bottleneck, {model} will not help",
        "{person} asked about {topic} twice this week; worth a page",
        "Should {agent} own {topic} instead of {agent}?",
        "Three failures of {skill} in a row look like {error}, not like load",
    ),
    "memory_stored": (
        "{person} prefers short answers in the {part}",
        "{project} deploys on {day} only",
        "Rule: never post about {topic} without a source",
        "{service} listens on a new port since {day}",
    ),
    "model_switch": (
        "{model} to {model}: cheaper for {topic}",
        "{model} to {model}: {error} {few} times in a row",
        "Back on {model}, the outage is over",
    ),
    "research_note": (
        "{few} sources agree on {topic}; one contradicts, kept it",
        "Thesis on {topic}: the gain is {percent} at best",
        "{symbol} moved {percent} after the release; {topic} explains little of it",
    ),
    "skill_used": (
        "{topic}, limit {few}",
        "{project} since {day}",
        "{person} on {topic}",
        "Last {few} hours",
    ),
}
SKILL_OF = {"heartbeat": "health", "social_post": "moltbook", "comment_posted": "moltbook", "research_note": "research",
            "goal_progress": "goals", "memory_stored": "working_memory", "model_switch": "model_switcher"}  # fmt: skip

# What a session of each type notes down, and what is noted outside of sessions
NOTES = {
    "openclaw_cron": "cron_execution cron_execution cron_execution cron_execution six_hour_review goal_progress",
    "openclaw_heartbeat": "heartbeat",
    "openclaw_subagent": "research_note goal_progress memory_stored think git_commit",
    "interactive": "think goal_progress memory_stored model_switch",
    "openclaw_main": "goal_progress think memory_stored comment_posted social_post",
    "openclaw_run": "cron_execution git_commit",
    "openclaw": "think model_switch",
    "": "social_post git_commit think goal_progress comment_posted memory_stored model_switch heartbeat",
}
JOB_ERRORS = (
    "Timed out after 120 s",
    "LiteLLM answered 503",
    "no such column: priority_label",
    "JSONDecodeError: Expecting value: line 1 column 1 (char 0)",
    "Refused by input_guard: pattern ignore_previous",
)
CRON_JOBS = ("six_hour_review", "hourly_goal", "hourly_goal", "morning_digest", "memory_consolidation", "social_pulse")
POOL = 600


def message_pool(action: str, random: Random) -> list[str]:
    """Ready-made JSON texts of an action, to draw from: composing each of 700,000 anew takes minutes."""
    phrases = Phrases(random)
    return [escape(dumps(phrases.one_of(MESSAGES[action]))) for _ in range(POOL)]
