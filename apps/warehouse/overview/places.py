"""Where a line of the overview leads: to the page of its own, or while there is none to the admin's."""

from urllib.parse import quote, urlencode

from django.urls import NoReverseMatch, Resolver404, resolve, reverse

# The page, and the admin's page of the table
PLACES = {
    "job": ("/heartbeat", "operations_scheduledjob"),
    "scheduler": ("/heartbeat", "operations_scheduletick"),
    "beat": ("/heartbeat", "operations_heartbeatlog"),
    "goals": ("/sprint-board", ""),
    "sessions": ("/sessions", "telemetry_agentsession"),
    "model calls": ("/model-usage", ""),
    "skill calls": ("/skill-stats", "telemetry_skillinvocation"),
    "activities": ("/activities", "telemetry_activitylog"),
    "lessons": ("/lessons", "improvement_lessonlearned"),
    "proposals": ("/proposals", "improvement_improvementproposal"),
    "security": ("/security", "security_securityevent"),
    "budgets": ("/model-usage", ""),
}
# The page of one row, and the admin's
ROWS = {
    "goal": ("/goals/{}", ""),
    "session": ("/sessions/{}", "telemetry_agentsession"),
    "skill": ("/skills/{}", ""),
    "proposal": ("/proposals/{}", "improvement_improvementproposal"),
    "lesson": ("/lessons/{}", "improvement_lessonlearned"),
    "event": ("/security/{}", "security_securityevent"),
}


def place(name: str, **query: str) -> str:
    path, table = PLACES[name]
    if exists(path):
        return f"{path}?{urlencode(query)}" if query else path
    return reverse(f"admin:{table}_changelist")


def row(kind: str, key: str) -> str:
    path, table = ROWS[kind]
    path = path.format(quote(key, safe=""))
    if exists(path):
        return path
    try:
        return reverse(f"admin:{table}_change", args=[key])
    except NoReverseMatch:
        return place("skill calls")


def exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
