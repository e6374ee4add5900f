"""The file in which the agent's scheduler keeps its jobs. It is the scheduler's own: read here, never written."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

from apps.core.bodies import has_nul
from apps.operations.models import ScheduledJob

logger = logging.getLogger(__name__)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LARGEST = 16_000_000  # bytes; a file of jobs is some kilobytes
FAR_AWAY = timedelta(days=365_000)
LENGTHS = {f.attname: f.max_length for f in ScheduledJob._meta.concrete_fields if f.max_length}


class NoJobsFile(Exception):
    """It is not there, or no place is configured."""


class BrokenJobsFile(Exception):
    """It is there, but nothing that holds jobs."""


@dataclass
class JobsFile:
    path: str
    total: int = 0
    jobs: list[ScheduledJob] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # of entries that are no jobs


def read() -> JobsFile:
    """The jobs by id; of two of one id the last.

    Raises:
        NoJobsFile, BrokenJobsFile
    """
    path = settings.OPENCLAW_JOBS_PATH
    if not path:
        raise NoJobsFile("Jobs file not found at (OPENCLAW_JOBS_PATH is not set)")
    entries = entries_of(path)
    jobs, problems = {}, []
    for place, entry in enumerate(entries):
        try:
            job = job_of(entry)
        except ValueError as error:
            problems.append(f"jobs[{place}]: {error}")
        else:
            jobs[job.id] = job
    if problems:
        logger.warning("in %s: %s", path, "; ".join(problems))
    return JobsFile(path, len(entries), [jobs[key] for key in sorted(jobs)], problems)


def entries_of(path: str) -> list[Any]:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise BrokenJobsFile(f"Jobs file {path} is larger than {LARGEST} bytes")
        parsed = orjson.loads(content)
    except FileNotFoundError:
        raise NoJobsFile(f"Jobs file not found at {path}") from None
    except (OSError, ValueError) as error:
        raise BrokenJobsFile(f"Jobs file {path} cannot be read: {error}") from error
    entries = parsed.get("jobs", []) if isinstance(parsed, dict) else None
    if not isinstance(entries, list):
        raise BrokenJobsFile(f"Jobs file {path} holds no list of jobs")
    return entries


def job_of(entry: Any) -> ScheduledJob:
    """Read generously, as other versions of the scheduler write other fields; only the id must be right."""
    if not isinstance(entry, dict) or has_nul(entry):
        raise ValueError("this is no job")
    key = text(entry.get("id"))
    if not key or len(key) > LENGTHS["id"]:
        raise ValueError(f"the id must have 1 to {LENGTHS['id']} characters")
    schedule, payload, state = (part(entry, name) for name in ("schedule", "payload", "state"))
    fields = {
        "agent_id": text(entry.get("agentId")) or "main",
        "name": text(entry.get("name")) or key,
        "schedule_kind": text(schedule.get("kind")) or "cron",
        "schedule_expr": text(first(schedule, "expr", "everyMs", "at", "atMs")) or "",
        "session_target": text(entry.get("sessionTarget")),
        "wake_mode": text(entry.get("wakeMode")),
        "payload_kind": text(payload.get("kind")),
        "payload_text": text(first(payload, "message", "text")),
        "last_status": text(state.get("lastStatus")),
    }
    return ScheduledJob(
        id=key,
        enabled=entry.get("enabled") not in (False, "false", 0),
        next_run_at=moment(state.get("nextRunAtMs")),
        last_run_at=moment(state.get("lastRunAtMs")),
        last_duration_ms=whole_number(state.get("lastDurationMs"), bits=32),
        created_at_ms=whole_number(entry.get("createdAtMs"), bits=64),
        updated_at_ms=whole_number(entry.get("updatedAtMs"), bits=64),
        **{name: value and value[: LENGTHS.get(name)] for name, value in fields.items()},
    )


def part(entry: dict[str, Any], name: str) -> dict[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def first(values: dict[str, Any], *names: str) -> Any:
    return next((values[name] for name in names if values.get(name)), None)


def text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def whole_number(value: Any, *, bits: int) -> int | None:
    """None where the column cannot hold it."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else None


def moment(milliseconds: Any) -> datetime | None:
    """Of positive epoch milliseconds; in UTC."""
    number = whole_number(milliseconds, bits=64)
    if number is None or not 0 < number < FAR_AWAY / timedelta(milliseconds=1):
        return None
    return EPOCH + timedelta(milliseconds=number)


@dataclass(frozen=True)
class Summary:
    """What a tick notes about all jobs."""

    jobs_total: int
    jobs_successful: int
    jobs_failed: int
    last_job_name: str | None
    last_job_status: str | None
    next_job_at: datetime | None


def summary_of(jobs: Iterable[ScheduledJob]) -> Summary:
    jobs = list(jobs)
    last = max((job for job in jobs if job.last_run_at), key=lambda job: (job.last_run_at, job.id), default=None)
    return Summary(
        jobs_total=len(jobs),
        jobs_successful=sum(job.last_status == "ok" for job in jobs),
        jobs_failed=sum(job.last_status == "error" for job in jobs),
        last_job_name=last.name if last else None,
        last_job_status=last.last_status if last else None,
        next_job_at=min((job.next_run_at for job in jobs if job.next_run_at), default=None),
    )


def live_summary() -> Summary:
    """Zeros and nothing where the file is missing or broken."""
    try:
        return summary_of(read().jobs)
    except (NoJobsFile, BrokenJobsFile):
        return summary_of([])
