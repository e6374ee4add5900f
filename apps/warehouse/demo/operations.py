"""The scheduler, heartbeats, tasks between agents, and how agents did at them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from apps.warehouse.demo.agents import AGENTS
from apps.warehouse.demo.clock import EPOCH, micros
from apps.warehouse.demo.phrases import Phrases
from apps.warehouse.demo.world import Row, World, new_id

# name, agent, schedule, its period and offset in hours since 1970 began (a Thursday), health, what it is told
JOBS = (
    ("six_hour_review", "main", "0 */6 * * *", 6, 0, "well", "Look back on the last six hours: what should change?"),
    ("hourly_goal", "main", "0 * * * *", 1, 0, "well", "Choose one goal for this hour and work on it."),
    ("social_pulse", "social", "*/30 * * * *", 0.5, 0, "failing", "Read the feed, answer what deserves an answer."),
    ("memory_consolidation", "memory", "30 3 * * *", 24, 3.5, "well", "Merge notes into memories, forget the rest."),
    ("market_watch", "analyst", "*/15 * * * *", 0.25, 0, "overdue", "Fetch prices; report moves of more than 5 %."),
    ("db_maintenance", "devops", "0 4 * * 0", 168, 76, "silent", "Check table health and prune old telemetry."),
    ("morning_digest", "aria", "0 7 * * *", 24, 7, "well", "Tell Najia what happened overnight, in ten lines."),
)
VARIANTS = ("eu", "night", "weekend", "backup", "staging", "shadow", "fast", "slow", "lab", "mirror", "audit", "legacy")


def scheduled_jobs(world: World) -> Iterator[Row]:
    random = world.random("scheduled_jobs")
    for number in range(world.counts["scheduled_jobs"]):
        name, agent, expression, period, offset, health, told = JOBS[number % len(JOBS)]
        copy = number // len(JOBS)
        if copy:  # later ones are variants of the first, mostly without their troubles
            name = f"{name}_{VARIANTS[copy % len(VARIANTS)]}" + (f"_{copy // len(VARIANTS) + 1}" if copy >= 12 else "")
            health = health if random.random() < 0.1 else "well"
        yield {
            "id": new_id(random),
            "agent_id": agent,
            "name": name,
            "enabled": not (copy and random.random() < 0.1),
            "schedule_kind": "cron",
            "schedule_expr": expression,
            "session_target": random.choice(("isolated", "isolated", "main")),
            "wake_mode": random.choice(("now", "next-heartbeat")),
            "payload_kind": "agentTurn",
            "payload_text": told,
            **runs(world, timedelta(hours=period), timedelta(hours=offset), health, random),
            "synced_at": world.ago(minutes=4),
        }


def runs(world: World, period: timedelta, offset: timedelta, health: str, random: Random) -> Row:
    """Past and next runs. An overdue job should have run; a silent one missed its last runs unnoticed."""
    slot = world.until - (world.until - EPOCH - offset) % period
    last = slot - {"overdue": 13, "silent": 3}.get(health, 0) * period
    created = world.rhythm.start
    count = max(1, (last - created) // period)
    failed = int(count * (0.31 if health == "failing" else random.uniform(0, 0.04)))
    return {
        "next_run_at": (last if health == "overdue" else slot) + period,
        "last_run_at": world.before(last + timedelta(seconds=random.randint(0, 2))),
        "last_status": "error" if health == "failing" else "ok",
        "last_duration_ms": int(random.lognormvariate(10, 0.7)),
        "run_count": count,
        "success_count": count - failed,
        "fail_count": failed,
        "created_at_ms": micros(created) // 1_000,
        "updated_at_ms": micros(last) // 1_000,
    }


def schedule_tick(world: World) -> Iterator[Row]:
    yield {
        "id": 1,
        "last_tick": world.ago(minutes=4),
        "tick_count": (world.until - world.rhythm.start) // timedelta(hours=1),
        "heartbeat_interval": 3_600,
        "enabled": True,
        "jobs_total": world.counts["scheduled_jobs"],
        "jobs_successful": world.counts["scheduled_jobs"] - 1,
        "jobs_failed": 1,
        "last_job_name": "social_pulse",
        "last_job_status": "error",
        "next_job_at": world.until + timedelta(minutes=11),
        "updated_at": world.ago(minutes=4),
    }


def heartbeat_log(world: World) -> Iterator[Row]:
    """One an hour up to now, with a beat or two that were missed."""
    random = world.random("heartbeat_log")
    count = world.counts["heartbeat_log"]
    for number in range(count):
        status = random.choices(("healthy", "degraded", "unhealthy"), (90, 8, 2))[0]
        details = {"soul": True, "cron": random.randint(5, 7), "load": round(random.uniform(0.2, 3), 2)}
        yield {
            "id": new_id(random),
            "beat_number": number + 1,
            "status": status,
            "details": details if status == "healthy" else details | {"problem": "ollama does not answer"},
            "created_at": world.ago(hours=count - number - 0.5 + random.uniform(0, 0.05)),
        }


TASKS = {
    "analysis": (
        "What drives the cost of {job}?",
        "Compare {symbol} with {symbol} since {day}",
        "Why is {skill} slow in the {part}?",
    ),
    "research": (
        "Collect sources on {topic}",
        "Summarise what {handle} wrote about {topic}",
        "State of {topic}, one page",
    ),
    "code_review": ("Review the change to {skill}", "Check the retry in {job}", "Look for races in {skill}"),
    "writing": ("Draft the announcement of {project}", "Rewrite the runbook for {service}"),
}
RESULTS = ("Done: {percent} less than before.", "Three findings, one of them serious: {error} is swallowed.",
           "See the note on {topic}; {person} should decide.", "Nothing unusual.")  # fmt: skip


def pending_complex_tasks(world: World) -> Iterator[Row]:
    random = world.random("pending_complex_tasks")
    phrases = Phrases(random)
    for number, created in enumerate(world.moments(random, world.counts["pending_complex_tasks"])):
        kind = random.choice(list(TASKS))
        status, completed = task_status(world, created, random)
        identity = new_id(random)
        yield {
            "id": number + 1,
            "task_id": f"task-{identity[:8]}-{number}",
            "task_type": kind,
            "description": phrases.one_of(TASKS[kind]),
            "agent_type": random.choice(("analyst", "creator", "devops", "memory")),
            "priority": random.choices(("low", "medium", "high", "critical"), (25, 45, 25, 5))[0],
            "status": status,
            "result": phrases.one_of(RESULTS) if status == "completed" else None,
            "created_at": created,
            "completed_at": completed,
        }


def task_status(world: World, created: datetime, random: Random) -> tuple[str, datetime | None]:
    is_young = world.until - created < timedelta(days=2)
    status = random.choices(
        ("completed", "failed", "pending", "in_progress"), (30, 5, 35, 30) if is_young else (80, 10, 8, 2)
    )[0]
    if status != "completed":
        return status, None
    return status, created + min(timedelta(hours=random.lognormvariate(1, 1)), (world.until - created) * 0.9)


def agent_performance(world: World) -> Iterator[Row]:
    random = world.random("agent_performance")
    scores = dict.fromkeys(AGENTS, 0.5)
    for number, created in enumerate(world.moments(random, world.counts["agent_performance"])):
        agent = random.choice(list(AGENTS))
        success = random.random() < 0.86
        # A pheromone evaporates, and success lays it down anew.
        scores[agent] = 0.9 * scores[agent] + (0.1 if success else 0)
        yield {
            "id": number + 1,
            "agent_id": agent,
            "task_type": random.choice(list(TASKS)),
            "success": success,
            "duration_ms": int(random.lognormvariate(10.5, 0.9)),
            "token_cost": round(random.lognormvariate(-5, 1), 6),
            "pheromone_score": round(scores[agent], 3),
            "created_at": created,
        }
