from datetime import timedelta

from django.db import models
from django.db.models import Case, F, Func, Q, TextField, Value, When
from django.db.models.functions import Coalesce, NullIf
from django.db.models.lookups import GreaterThan

from apps.core.fields import Now

LATE = timedelta(minutes=10)  # after its time: a scheduler that is busy is not yet a job that is overdue
SILENT_RESTS = 2.5  # times the mean rest between the job's runs so far
LEAST_RUNS = 3  # which that mean is of
MISSED_BEATS = 2


class Epoch(Func):
    """Seconds since 1970: numbers, for the milliseconds that a job was made at may be beyond any calendar."""

    template = "extract(epoch FROM %(expressions)s)::float8"
    output_field = models.FloatField()


# Seconds from the making of the job to its last run, divided by its runs.
MEAN_REST = (Epoch("last_run_at") - F("created_at_ms") / 1000.0) / NullIf(F("run_count"), 0)


class HeartbeatQuerySet(models.QuerySet):
    def newest(self):
        return self.order_by("-created_at", "-id")

    def silent_for(self, time: timedelta):
        """The newest heartbeat, where it is older than that."""
        return self.filter(pk=self.newest().values("pk")[:1], created_at__lt=Now() - time)


class TaskQuerySet(models.QuerySet):
    def newest(self):
        return self.order_by("-created_at", "-id")

    def set_status(self, task_id: str, status: str, **result: str | None) -> int:
        """How many tasks changed; the time of completion follows the status both ways."""
        completed_at = Case(
            When(Value(status == "completed"), then=Coalesce("completed_at", Now())),
            default=Value(None),
            output_field=models.DateTimeField(),
        )
        return self.filter(task_id=task_id).update(status=status, completed_at=completed_at, **result)


class JobQuerySet(models.QuerySet):
    def by_name(self):
        return self.order_by("name", "id")

    def troubled(self):
        """Enabled jobs with their `trouble`: 'overdue', 'silent' or 'failing', and `troubled_since`.

        Overdue: its next run is past and did not happen. Silent: the scheduler means to run it some time, but it has
        not run for much longer than it used to rest. Failing: its last run failed.
        """
        waits = Q(last_run_at=None) | Q(last_run_at__lt=F("next_run_at"))
        rests = Epoch(Now()) - Epoch("last_run_at")
        silent = Q(GreaterThan(rests, SILENT_RESTS * MEAN_REST), run_count__gte=LEAST_RUNS)
        trouble = Case(
            When(waits & Q(next_run_at__lt=Now() - LATE), then=Value("overdue")),
            When(silent, then=Value("silent")),
            When(last_status="error", then=Value("failing")),
            output_field=TextField(),
        )
        since = Case(When(trouble="overdue", then=F("next_run_at")), default=F("last_run_at"))
        return self.filter(enabled=True).annotate(trouble=trouble).exclude(trouble=None).annotate(troubled_since=since)


class TickQuerySet(models.QuerySet):
    def silent(self):
        """The scheduler, where it should tick and has missed some of its intervals."""
        rests = Epoch(Now()) - Epoch("last_tick")
        return self.filter(GreaterThan(rests, MISSED_BEATS * F("heartbeat_interval")), enabled=True)
