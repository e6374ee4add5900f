from importlib import import_module

from django.db import migrations, models

from apps.core.rollups import addition
from apps.core.triggers import hours_there, note_anew, note_stale_hours, noted
from apps.telemetry.call_totals import CallTotal
from apps.telemetry.latencies import InvocationTime
from apps.telemetry.sums import InvocationSum

INVOCATIONS = import_module("apps.telemetry.migrations.0011_additions").INVOCATIONS
OF_CALLS = ("skill_invocations", "created_at")
ADDITIONS = (addition(InvocationSum), addition(InvocationTime))
NEW = "site_call_total"


def table(name, db_table):
    return migrations.CreateModel(
        name=name,
        fields=[
            ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ("starts", models.DateTimeField(db_index=True)),
            ("bucket", models.SmallIntegerField(null=True)),
            *((figure, models.BigIntegerField()) for figure in ("calls", "failed", "timed", "duration_ms")),
            ("tokens_used", models.BigIntegerField()),
        ],
        options={"db_table": db_table, "abstract": False},
    )


class Migration(migrations.Migration):
    dependencies = [("telemetry", "0013_hours_noted_once")]

    operations = [
        table("CallTotal", NEW),
        table("CallTotalDay", f"{NEW}_day"),
        table("CallTotalMonth", f"{NEW}_month"),
        *note_anew(
            note_stale_hours(*OF_CALLS, *INVOCATIONS, additions=ADDITIONS, first=False),
            note_stale_hours(*OF_CALLS, *INVOCATIONS, NEW, additions=(*ADDITIONS, addition(CallTotal)), first=False),
        ),
        # With the triggers in place no row can slip by, and what was there before them is noted whole.
        migrations.RunSQL(
            f"INSERT INTO site_stale_hour (sums, hour) {noted({NEW: hours_there('created_at', 'skill_invocations')})}",
            migrations.RunSQL.noop,
        ),
    ]
