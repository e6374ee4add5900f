"""Writes to the scheduler's tables."""

from dataclasses import asdict
from datetime import datetime

from django.db import connection
from django.utils import timezone

from apps.core.actors import Actor, acting
from apps.operations.jobs_file import Summary
from apps.operations.models import LIVE_FIELDS, ScheduledJob

SCHEDULE = 1  # the id of the only row
TICK = """
INSERT INTO schedule_tick AS known (id, last_tick, tick_count, jobs_total, jobs_successful, jobs_failed,
                                    last_job_name, last_job_status, next_job_at, updated_at)
VALUES (%(id)s, %(at)s, 1, %(jobs_total)s, %(jobs_successful)s, %(jobs_failed)s,
        %(last_job_name)s, %(last_job_status)s, %(next_job_at)s, %(at)s)
ON CONFLICT (id) DO UPDATE SET
    last_tick = excluded.last_tick, tick_count = known.tick_count + 1, jobs_total = excluded.jobs_total,
    jobs_successful = excluded.jobs_successful, jobs_failed = excluded.jobs_failed,
    last_job_name = excluded.last_job_name, last_job_status = excluded.last_job_status,
    next_job_at = excluded.next_job_at, updated_at = excluded.updated_at
"""
# Everything that the file knows; the run counters are kept by others.
FROM_FILE = [*LIVE_FIELDS[1:], "created_at_ms", "updated_at_ms", "synced_at"]


def tick(summary: Summary) -> datetime:
    """Count one tick of the scheduler, the very first too; returns its time."""
    at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(TICK, asdict(summary) | {"id": SCHEDULE, "at": at})
    return at


def sync_jobs(actor: Actor, jobs: list[ScheduledJob]) -> None:
    """Store the scheduler's jobs; one that it no longer has stays."""
    jobs = sorted(jobs, key=lambda job: job.id)  # so that two syncs never deadlock
    with acting(actor):
        ScheduledJob.objects.bulk_create(jobs, update_conflicts=True, unique_fields=["id"], update_fields=FROM_FILE)
