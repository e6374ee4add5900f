"""Goals and hourly goals."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from apps.warehouse.demo.agents import AGENTS
from apps.warehouse.demo.phrases import Phrases
from apps.warehouse.demo.world import Row, World, new_id

SPRINT = timedelta(days=14)
CURRENT_SPRINT_BEGAN = timedelta(days=9)

TITLES = (
    "Cut the token cost of {job} by {percent}", "Rotate the {service} key", "Teach {skill} to handle {error}",
    "Weekly digest on {topic}", "Backfill {table} for {project}", "Write down what we know about {topic}",
    "Compare {model} and {model} on our own memories", "Move {project} to the new {service}",
    "Answer the open comments on {topic}", "Merge duplicate entities about {topic}", "Alert when {service} is slow",
    "Repair {job}", "Research: {topic} in practice", "Draft a post about {topic}", "Find out why {skill} is slow",
    "Bound the memory of {job}", "Evaluation set for {topic}", "Runbook for {service} outages",
    "Interview {person} about {topic}", "Retire the old {skill} tools", "Ask {handle} about {topic}",
    "Check the sources of our thesis on {topic}", "Prototype: {topic} for {project}",
    "Watch {symbol} around the release",
    "Halve the noise in {table}", "Show {person} what {project} costs", "Let {agent} take over {job}",
    "Prune sessions that {agent} left open", "Tidy the {topic} notes", "Second opinion on {topic} from {model}",
)  # fmt: skip
REASONS = (
    "{person} asked for it on {day}.",
    "It failed {few} times last week, always with {error}.",
    "We pay {dollars} a day for something that a smaller model can do.",
    "Done when {few} runs in a row pass without a retry.",
    "Depends on {project}; {agent} knows the details.",
    "See the lesson on {error} before touching {skill}.",
    "Time box: {few} hours.",
)
TAGS = (
    "research",
    "cost",
    "memory",
    "security",
    "social",
    "infra",
    "knowledge",
    "skills",
    "schedule",
    "eval",
    "writing",
)

# The newest goals of all, one each, so that every board shows what long and foreign text does to it.
SPECIAL_TITLES = (
    "Übersetzung prüfen: „Gedächtnis“ heißt nicht „Speicher“ – 記憶 ≠ ストレージ – и это важно 🧠",
    "Write the complete post-mortem of last week's double outage, with the time line of both providers, what the "
    "fallback chain did at each step, which sessions lost work, what it cost, and what we change so that it cannot "
    "happen again in this form",
    "Pregătește întâlnirea cu Ștefan și Åsa",
    "<b>Escape</b> & \"quote\" everything that comes from {{outside}}",
)  # fmt: skip

# (status, board column, share) of a goal, by where its sprint stands
CURRENT = (
    ("pending", "backlog", 8), ("pending", "todo", 25), ("active", "doing", 24), ("paused", "on_hold", 10),
    ("completed", "done", 30), ("cancelled", "done", 3),
)  # fmt: skip
PAST = (
    ("completed", "done", 58), ("completed", "archived", 24), ("cancelled", "done", 8), ("paused", "on_hold", 3),
    ("active", "doing", 3), ("pending", "todo", 4),
)  # fmt: skip
UNPLANNED = (
    ("pending", "backlog", 56), ("pending", None, 4), ("pending", "todo", 8), ("active", "doing", 4),
    ("completed", "done", 22), ("cancelled", "archived", 6),
)  # fmt: skip
BY_STAGE = {"current": CURRENT, "past": PAST, "unplanned": UNPLANNED}


def goals(world: World) -> Iterator[Row]:
    random = world.random("goals")
    phrases = Phrases(random)
    positions: Counter[str] = Counter()
    count = world.counts["goals"]
    for number in range(count):
        # The root, because an agent that is trusted more is given more goals.
        created = world.rhythm.at(((number + random.random()) / count) ** 0.5)
        title = phrases.one_of(TITLES)
        if number < count - 1 and count - number - 2 < len(SPECIAL_TITLES):
            title = SPECIAL_TITLES[count - number - 2]
        stage = stage_of(created, world, random, is_newest=number == count - 1)
        sprint = f"sprint-{sprint_number(created, world)}" if stage != "unplanned" else "backlog"
        row = goal(world, random, created, stage)
        column = row["board_column"] or "backlog"  # no column counts as backlog
        yield row | {
            "goal_id": f"goal-{row['id'][:8]}",
            "title": title,
            "description": phrases.paragraph(REASONS, random.randint(1, 3)),
            "sprint": sprint,
            "position": positions[column],
        }
        positions[column] += 1


def stage_of(created: datetime, world: World, random: Random, is_newest: bool) -> str:
    """Only young goals are still unplanned; the newest one names the current sprint."""
    age = world.until - created
    if not is_newest and random.random() < (0.35 if age < 3 * SPRINT else 0.08):
        return "unplanned"
    return "current" if age < CURRENT_SPRINT_BEGAN else "past"


def sprint_number(created: datetime, world: World) -> int:
    """Sprints count from the beginning of the span; the last one is under way."""
    first = world.rhythm.start
    offset = (world.until - CURRENT_SPRINT_BEGAN - first) % SPRINT
    return 8 + (created - first - offset) // SPRINT + 1


def goal(world: World, random: Random, created: datetime, stage: str) -> Row:
    choices = BY_STAGE[stage]
    status, column, _ = random.choices(choices, [share for *_, share in choices])[0]
    completed = completion(world, random, created, stage) if status in ("completed", "cancelled") else None
    touched = completed or world.before(created + timedelta(hours=random.expovariate(1 / 40)))
    return {
        "id": new_id(random),
        "status": status,
        "board_column": column,
        "priority": random.choices((1, 2, 3, 4, 5), (12, 34, 30, 16, 8))[0],
        "progress": progress(status, random),
        "due_date": due_date(world, random, created, is_open=completed is None),
        "created_at": created,
        "completed_at": completed,
        "assigned_to": random.choice(list(AGENTS)) if random.random() < 0.8 else None,
        "tags": random.sample(TAGS, random.choice((0, 1, 1, 2, 2, 3))),
        "updated_at": touched,
    }


def completion(world: World, random: Random, created: datetime, stage: str) -> datetime:
    """Half of what the current sprint finished was finished in the last 24 hours."""
    if stage == "current" and random.random() < 0.5:
        return max(world.ago(hours=random.uniform(0.2, 23)), created + (world.until - created) / 2)
    return created + min(timedelta(hours=random.lognormvariate(3.8, 0.8)), (world.until - created) * 0.9)


def progress(status: str, random: Random) -> int:
    spans = {"completed": (100, 100), "pending": (0, 0), "active": (5, 95), "paused": (5, 70), "cancelled": (0, 60)}
    return random.randint(*spans[status])


def due_date(world: World, random: Random, created: datetime, is_open: bool) -> datetime | None:
    """Open goals fall due around now, some of them a few days ago."""
    if random.random() < 0.3:
        return None
    if is_open:
        return max(world.ago(days=random.uniform(-9, 5)), created + timedelta(hours=6)).replace(
            minute=0, second=0, microsecond=0
        )
    return created + timedelta(days=random.uniform(2, 20))


HOURLY = {
    "learn": ("Read {few} papers on {topic}", "Try {model} on {topic}", "Understand why {skill} raised {error}"),
    "create": ("Draft a note on {topic}", "Sketch a picture for {project}", "Write {few} ideas for {project}"),
    "connect": ("Answer {handle}", "Comment on {few} posts about {topic}", "Send {person} the plan for {day}"),
    "review": ("Go through the failures of {skill}", "Check the cost of {job}", "Review {few} open goals"),
    "maintain": ("Prune {table}", "Check that {service} is up to date", "Merge memories about {topic}"),
    "rest": ("Nothing but heartbeats", "Consolidate what {day} brought"),
}


def hourly_goals(world: World) -> Iterator[Row]:
    random = world.random("hourly_goals")
    phrases = Phrases(random)
    count = world.counts["hourly_goals"]
    for number in range(count):
        # The last days, slot by slot, three slots of today still ahead
        due = world.until.replace(minute=0, second=0, microsecond=0) - timedelta(hours=count - number - 4)
        yield hourly_goal(world, random, phrases, due) | {"id": number + 1}


def hourly_goal(world: World, random: Random, phrases: Phrases, due: datetime) -> Row:
    kind = "rest" if due.hour < 6 else random.choice(list(HOURLY)[:-1])
    over = due + timedelta(hours=1) <= world.until
    status = random.choices(("completed", "failed", "pending"), (80, 8, 12))[0] if over else "pending"
    return {
        "hour_slot": due.hour,
        "goal_type": kind,
        "description": phrases.one_of(HOURLY[kind]),
        "status": status,
        "completed_at": due + timedelta(minutes=random.uniform(8, 58)) if status == "completed" else None,
        "created_at": due - timedelta(hours=4, minutes=random.uniform(0, 20)),  # planned ahead
    }
