"""What the agent did, one by one and by the thousand."""

from apps.telemetry.models import ActivityLog
from tests.warehouse.databases import sql


def make_activity(action="note", details=None, **over):
    return ActivityLog.objects.create(action=action, details=details or {}, **over)


def make_many_activities(number, words="'ordinary work'"):
    sql(f"""
        INSERT INTO activity_log (action, details, created_at)
        SELECT 'act', jsonb_build_object('message', {words} || i, 'n', i), now() - i * interval '1 second'
          FROM generate_series(1, {number}) AS i""")
