"""Where a line of the overview leads: to the page of its own, or while there is none to the admin's."""

from urllib.parse import quote

from django.urls import Resolver404, resolve

# The first that there is
PLACES = {
    "job": ("/heartbeat", "/admin/operations/scheduledjob/"),
    "scheduler": ("/heartbeat", "/admin/operations/scheduletick/"),
    "beat": ("/heartbeat", "/admin/operations/heartbeatlog/"),
    "goals": ("/sprint-board",),
    "sessions": ("/sessions",),
    "model calls": ("/model-usage",),
    "skill calls": ("/skill-health", "/skill-stats", "/admin/telemetry/skillinvocation/?success__exact=0"),
    "activities": ("/activities", "/admin/telemetry/activitylog/"),
    "lessons": ("/lessons", "/admin/improvement/lessonlearned/"),
    "proposals": ("/proposals", "/admin/improvement/improvementproposal/"),
    "budgets": ("/budgets",),
}
ROWS = {
    "goal": ("/goals/{}",),
    "session": ("/sessions/{}", "/admin/telemetry/agentsession/{}/change/"),
    "skill": ("/skills/{}", "/admin/telemetry/skillinvocation/?q={}"),
    "lesson": ("/lessons/{}", "/admin/improvement/lessonlearned/{}/change/"),
    "proposal": ("/proposals/{}", "/admin/improvement/improvementproposal/{}/change/"),
    "event": ("/security/{}", "/admin/security/securityevent/{}/change/"),
}


def place(name: str) -> str:
    return first_there(*PLACES[name])


def row(kind: str, key: str) -> str:
    return first_there(*(path.format(quote(key, safe="")) for path in ROWS[kind]))


def first_there(*paths: str) -> str:
    return next((path for path in paths[:-1] if leads_somewhere(path)), paths[-1])


def leads_somewhere(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
