from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from ninja import Router
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.answers import Created, Updated
from apps.core.api import answer
from apps.core.bodies import Limit
from apps.core.openapi import may_fail
from apps.core.retries import row_id, store_once
from apps.operations import actions, jobs_file, schemas
from apps.operations.models import LIVE_FIELDS, HeartbeatLog, PendingComplexTask, ScheduledJob, ScheduleTick

heartbeat_router = Router(tags=["Heartbeats"])
task_router = Router(tags=["Tasks"])
schedule_router = Router(tags=["Schedule"])
job_router = Router(tags=["Jobs"])


@heartbeat_router.get("", response=schemas.Heartbeats, summary="Heartbeats, the newest first")
def list_heartbeats(request: HttpRequest, limit: Limit = 50):
    rows = list(HeartbeatLog.objects.newest().values()[:limit])
    return answer({"heartbeats": rows, "count": len(rows)})


@heartbeat_router.get(
    "/latest", response=schemas.HeartbeatOut | schemas.Missing, summary="The newest heartbeat, or an `error`"
)
def latest_heartbeat(request: HttpRequest):
    return answer(HeartbeatLog.objects.newest().values().first() or {"error": "No heartbeats found"})


@heartbeat_router.post("", response=Created, summary="Give a sign of life")
def create_heartbeat(request: HttpRequest, body: schemas.HeartbeatIn):
    beat = HeartbeatLog(id=row_id(request, body.id), **body.model_dump(exclude={"id"}))
    store_once(beat)
    return {"id": beat.id, "created": True}


@task_router.get("", response=schemas.Tasks, summary="Work that agents hand to one another, the newest first")
def list_tasks(request: HttpRequest, status: str = "", limit: Limit = 1000):
    tasks = PendingComplexTask.objects.newest()
    rows = list((tasks.filter(status=status) if status else tasks).values()[:limit])
    return answer({"tasks": rows, "count": len(rows)})


@task_router.post("", response=schemas.TaskCreated, summary="Hand work to an agent")
def create_task(request: HttpRequest, body: schemas.TaskIn):
    task_id = body.task_id or f"task-{uuid4().hex[:8]}"
    try:
        with transaction.atomic():
            PendingComplexTask.objects.create(**body.model_dump() | {"task_id": task_id})
    except IntegrityError:
        raise HttpError(409, f"Task {task_id} already exists") from None
    return {"task_id": task_id, "created": True}


@task_router.patch("/{task_id}", response=Updated, summary="Change a task's status, and note its result")
def update_task(request: HttpRequest, task_id: str, body: schemas.TaskChange):
    if not PendingComplexTask.objects.set_status(task_id, **body.model_dump(exclude_unset=True)):
        raise HttpError(404, f"Task {task_id} not found")
    return {"updated": True}


@schedule_router.get(
    "",
    response=schemas.ScheduleOut | schemas.Missing,
    summary="The scheduler's state, or an `error`",
    operation_id="get_schedule",
)
def schedule(request: HttpRequest):
    return answer(ScheduleTick.objects.order_by("id").values().first() or {"error": "No schedule found"})


@schedule_router.post(
    "/tick",
    response=schemas.Ticked,
    summary="Count a tick, and note how the jobs of the jobs file are",
    operation_id="count_tick",
)
def tick(request: HttpRequest):
    summary = jobs_file.live_summary()
    return {"ticked": True, "at": actions.tick(summary), "jobs_total": summary.jobs_total}


@job_router.get("", response=schemas.Jobs, summary="Jobs as last synced, by name")
def list_jobs(request: HttpRequest, limit: Limit = 1000):
    rows = list(ScheduledJob.objects.by_name().values()[:limit])
    return answer({"jobs": rows, "count": len(rows)})


@job_router.get(
    "/live", response=schemas.LiveJobs, summary="Jobs as the jobs file has them now", openapi_extra=may_fail(502)
)
def live_jobs(request: HttpRequest):
    """Of a missing file an empty list with an `error`; of a broken one 502."""
    try:
        jobs = jobs_file.read().jobs
    except jobs_file.NoJobsFile as error:
        return answer({"jobs": [], "count": 0, "source": "live", "error": str(error)})
    except jobs_file.BrokenJobsFile as error:
        raise HttpError(502, str(error)) from None
    items = [{name: getattr(job, name) for name in LIVE_FIELDS} for job in jobs]
    return answer({"jobs": items, "count": len(items), "source": "live"})


@job_router.post(
    "/sync", response=schemas.JobsSynced, summary="Store the jobs of the jobs file", openapi_extra=may_fail(404, 502)
)
def sync_jobs(request: HttpRequest):
    """`synced` is less than `total_in_file` where some entries are no jobs; `problems` then says which."""
    try:
        found = jobs_file.read()
    except jobs_file.NoJobsFile as error:
        raise HttpError(404, str(error)) from None
    except jobs_file.BrokenJobsFile as error:
        raise HttpError(502, str(error)) from None
    actions.sync_jobs(actor_of(request), found.jobs)
    problems: dict[str, Any] = {"problems": found.problems} if found.problems else {}
    return answer({"synced": len(found.jobs), "source": found.path, "total_in_file": found.total, **problems})


@job_router.get("/{job_id}", response=schemas.JobOut, summary="One job as last synced")
def get_job(request: HttpRequest, job_id: str):
    job = ScheduledJob.objects.filter(id=job_id).values().first()
    if job is None:
        raise HttpError(404, "Job not found")
    return answer(job)
