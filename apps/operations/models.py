from django.db import models

from apps.core.fields import (
    SerialField,
    TextKeyField,
    both,
    json_object,
    moment,
    optional_char,
    optional_moment,
    optional_text,
    uuid_key,
)
from apps.operations.querysets import HeartbeatQuerySet, JobQuerySet, TaskQuerySet, TickQuerySet

# What the scheduler's file tells of a job, its id first.
LIVE_FIELDS = (
    "id",
    "agent_id",
    "name",
    "enabled",
    "schedule_kind",
    "schedule_expr",
    "session_target",
    "wake_mode",
    "payload_kind",
    "payload_text",
    "next_run_at",
    "last_run_at",
    "last_status",
    "last_duration_ms",
)


class ScheduledJob(models.Model):
    """A job of the agent's scheduler. Its id is the scheduler's; the two `_ms` columns are epoch milliseconds."""

    id = TextKeyField(max_length=50, primary_key=True)
    agent_id = models.CharField(max_length=50, **both("main"))
    name = models.CharField(max_length=100)
    enabled = models.BooleanField(**both(True))
    schedule_kind = models.CharField(max_length=20, **both("cron"))
    schedule_expr = models.CharField(max_length=50)
    session_target = optional_char(50)
    wake_mode = optional_char(50)
    payload_kind = optional_char(50)
    payload_text = optional_text()
    next_run_at = optional_moment()
    last_run_at = optional_moment()
    last_status = optional_char(20)
    last_duration_ms = models.IntegerField(null=True, blank=True)
    run_count = models.IntegerField(**both(0))
    success_count = models.IntegerField(**both(0))
    fail_count = models.IntegerField(**both(0))
    # 32 bits, as older warehouses have it, overflow at any date after January 1970.
    created_at_ms = models.BigIntegerField(null=True, blank=True)
    updated_at_ms = models.BigIntegerField(null=True, blank=True)
    synced_at = moment()

    objects = JobQuerySet.as_manager()

    class Meta:
        db_table = "scheduled_jobs"
        indexes = [
            models.Index(fields=["enabled"], name="idx_jobs_enabled"),
            models.Index(fields=["name"], name="idx_jobs_name"),
            models.Index(fields=["next_run_at"], name="idx_jobs_next_run"),
        ]

    def __str__(self) -> str:
        return self.name


class ScheduleTick(models.Model):
    """The scheduler's own state: one row."""

    id = SerialField(primary_key=True)
    last_tick = optional_moment()
    tick_count = models.IntegerField(**both(0))
    heartbeat_interval = models.IntegerField(**both(3600), help_text="seconds")
    enabled = models.BooleanField(**both(True))
    jobs_total = models.IntegerField(**both(0))
    jobs_successful = models.IntegerField(**both(0))
    jobs_failed = models.IntegerField(**both(0))
    last_job_name = optional_char(255)
    last_job_status = optional_char(50)
    next_job_at = optional_moment()
    updated_at = moment(null=True)

    objects = TickQuerySet.as_manager()

    class Meta:
        db_table = "schedule_tick"

    def __str__(self) -> str:
        return f"tick {self.tick_count}"


class HeartbeatLog(models.Model):
    """A sign of life from the agent."""

    id = uuid_key()
    beat_number = models.IntegerField()
    status = models.CharField(max_length=50, **both("healthy"))
    details = json_object()
    created_at = moment()

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        db_table = "heartbeat_log"
        verbose_name = "heartbeat"
        indexes = [models.Index(fields=["-created_at"], name="idx_heartbeat_created")]

    def __str__(self) -> str:
        return f"beat {self.beat_number}"


class PendingComplexTask(models.Model):
    """Work that one agent hands to another."""

    id = SerialField(primary_key=True)
    task_id = models.CharField(max_length=50)
    task_type = models.CharField(max_length=50)
    description = models.TextField()
    agent_type = models.CharField(max_length=50)
    priority = models.CharField(max_length=20, **both("medium"))
    status = models.CharField(max_length=20, **both("pending"))
    result = optional_text()
    created_at = moment()
    completed_at = optional_moment()

    objects = TaskQuerySet.as_manager()

    class Meta:
        db_table = "pending_complex_tasks"
        verbose_name = "complex task"
        constraints = [models.UniqueConstraint(fields=["task_id"], name="pending_complex_tasks_task_id_key")]
        indexes = [
            models.Index(fields=["-created_at"], name="idx_pct_created"),
            models.Index(fields=["status"], name="idx_pct_status"),
            models.Index(fields=["task_id"], name="idx_pct_task_id"),
        ]

    def __str__(self) -> str:
        return self.task_id
