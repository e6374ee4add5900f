from importlib import import_module

from django.db import migrations

from apps.core.rollups import addition
from apps.core.triggers import note_anew, note_stale_hours
from apps.telemetry.latencies import InvocationTime, UsageTime
from apps.telemetry.sums import CALLS_OF_SESSIONS, ActivitySum, InvocationSum, SessionSum, UsageSum

latencies = import_module("apps.telemetry.migrations.0005_latencies")
OF_SESSION, MOVED = latencies.OF_SESSION, latencies.AGENT_MOVED
TO_USAGE = {"site_usage_sum": MOVED, "site_usage_time": MOVED}
USAGE = ("site_usage_sum", "site_usage_time")
INVOCATIONS = ("site_invocation_sum", "site_invocation_time")


def adding(table, moment, *sums, also=None, additions):
    return note_anew(
        note_stale_hours(table, moment, *sums, also=also),
        note_stale_hours(table, moment, *sums, also=also, additions=additions, first=False),
    )


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0010_months")]

    operations = [
        *adding("agent_sessions", "started_at", "site_session_sum", also=TO_USAGE, additions=(addition(SessionSum),)),
        *adding(
            *("model_usage", "created_at", *USAGE),
            also=OF_SESSION,
            additions=(addition(UsageSum), addition(UsageTime), CALLS_OF_SESSIONS),
        ),
        *adding(
            *("skill_invocations", "created_at", *INVOCATIONS),
            additions=(addition(InvocationSum), addition(InvocationTime)),
        ),
        *adding("activity_log", "created_at", "site_activity_sum", additions=(addition(ActivitySum),)),
    ]
