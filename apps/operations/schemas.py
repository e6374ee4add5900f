from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from ninja import Field, Schema
from pydantic import BeforeValidator

from apps.core.bodies import Body, Int, JsonObject, TelemetryBody, example


def as_text(value: Any) -> Any:
    """Agents hand in an object where a text is meant; it is kept as JSON."""
    return orjson.dumps(value).decode() if isinstance(value, dict | list) else value


Name = Annotated[str, Field(min_length=1, max_length=50)]
Word = Annotated[str, Field(min_length=1, max_length=20)]
Text = Annotated[str, BeforeValidator(as_text)]


class HeartbeatOut(Schema):
    id: UUID
    beat_number: int
    status: str
    details: Any
    created_at: datetime


class Heartbeats(Schema):
    heartbeats: list[HeartbeatOut]
    count: int


class HeartbeatIn(TelemetryBody):
    model_config = example(beat_number=42, status="healthy")

    beat_number: Int = 0
    status: Name = "healthy"
    details: JsonObject = {}


class TaskOut(Schema):
    id: int
    task_id: str
    task_type: str
    description: str
    agent_type: str
    priority: str
    status: str
    result: str | None
    created_at: datetime
    completed_at: datetime | None


class Tasks(Schema):
    tasks: list[TaskOut]
    count: int


class TaskIn(Body):
    model_config = example(task_type="analysis", description="Compare the costs of both models", agent_type="data")

    task_type: Name
    description: Text
    agent_type: Name
    task_id: Name | None = Field(None, description="Made up where it is missing.")
    priority: Word = "medium"
    status: Word = "pending"


class TaskCreated(Schema):
    task_id: str
    created: bool


class TaskChange(Body):
    """A result that is left out stays as it is; null clears it."""

    model_config = example(status="completed", result="The second one is cheaper.")

    status: Word
    result: Text | None = None


class ScheduleOut(Schema):
    id: int
    last_tick: datetime | None
    tick_count: int
    heartbeat_interval: int
    enabled: bool
    jobs_total: int
    jobs_successful: int
    jobs_failed: int
    last_job_name: str | None
    last_job_status: str | None
    next_job_at: datetime | None
    updated_at: datetime | None


class Ticked(Schema):
    ticked: bool
    at: datetime
    jobs_total: int


class LiveJob(Schema):
    id: str
    agent_id: str
    name: str
    enabled: bool
    schedule_kind: str
    schedule_expr: str
    session_target: str | None
    wake_mode: str | None
    payload_kind: str | None
    payload_text: str | None
    next_run_at: datetime | None
    last_run_at: datetime | None
    last_status: str | None
    last_duration_ms: int | None


class LiveJobs(Schema):
    jobs: list[LiveJob]
    count: int
    source: str
    error: str | None = None


class JobOut(LiveJob):
    run_count: int
    success_count: int
    fail_count: int
    created_at_ms: int | None
    updated_at_ms: int | None
    synced_at: datetime


class Jobs(Schema):
    jobs: list[JobOut]
    count: int


class JobsSynced(Schema):
    synced: int
    source: str
    total_in_file: int
    problems: list[str] | None = Field(None, description="Entries that are no jobs; absent where there are none.")


class Missing(Schema):
    """200 all the same: clients look for the key."""

    error: str
