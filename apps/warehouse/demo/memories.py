"""What the agent keeps in mind: key-value memories, working memory, thoughts."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

from apps.warehouse.demo.copying import dumps
from apps.warehouse.demo.phrases import Phrases
from apps.warehouse.demo.world import Row, World, new_id

MEMORY_CATEGORIES = {"preferences": 34, "projects": 20, "people": 18, "system": 14, "general": 14}
FACTS = {
    "preferences": (
        "Short answers in the {part}, details on request",
        "No posts about {topic} without asking first",
        "Prefers {model} for anything that touches {topic}",
        "Costs in dollars, times in UTC",
    ),
    "projects": (
        "{project} deploys on {day} only",
        "{person} decides on {topic} in {project}",
        "{project} is frozen until the {topic} question is settled",
    ),
    "people": (
        "{person} works on {project} and reads mail in the {part}",
        "{person} knows {topic} best",
        "Met {handle} on Moltbook; interested in {topic}",
    ),
    "system": (
        "{service} runs on the small machine",
        "Back-ups of {table} start at night and take {few} minutes",
        "{job} must not run while {service} is down",
    ),
    "general": ("A good question about {topic}: who pays for it?", "{topic} and {topic} are easily confused"),
}
SUBJECTS = (
    "answer_length", "time_zone", "deploy_window", "owner", "contact", "budget", "language", "style", "host", "backup",
    "birthday", "sources", "escalation", "naming", "stack", "review_day", "limits", "habits",
)  # fmt: skip


def memories(world: World) -> Iterator[Row]:
    random = world.random("memories")
    phrases = Phrases(random)
    count = world.counts["memories"]
    for number, created in enumerate(world.moments(random, count)):
        category = random.choices(list(MEMORY_CATEGORIES), list(MEMORY_CATEGORIES.values()))[0]
        edited = random.random() < 0.4
        yield {
            "id": new_id(random),
            "key": memory_key(category, number, random),
            "value": dumps(memory_value(category, phrases, random)),
            "category": category,
            "created_at": created,
            "updated_at": created + (world.until - created) * random.random() if edited else created,
        }


def memory_key(category: str, number: int, random: Random) -> str:
    subject = SUBJECTS[number % len(SUBJECTS)]
    owner = random.choice(("najia", "aria", "moltbook", "warehouse", "board", "proxy", "night_shift"))
    return f"{category}.{owner}.{subject}" + (f".{number // len(SUBJECTS) + 1}" if number >= len(SUBJECTS) else "")


def memory_value(category: str, phrases: Phrases, random: Random) -> Any:
    """Any JSON type: agents store what they like."""
    fact = phrases.one_of(FACTS[category])
    match random.randrange(6):
        case 0 | 1:
            return fact
        case 2 | 3:
            return {"fact": fact, "confidence": round(random.uniform(0.5, 1), 2), "source": phrases["channel"]}
        case 4:
            return {"items": [phrases["topic"] for _ in range(3)], "note": fact}
        case _:
            return [phrases["person"], phrases["project"], random.randint(1, 90), True]


NOTES = {
    "task": ("Step {few} of {few}: {topic}", "Waiting for {service} before {job} can go on"),
    "context": ("{person} is on {channel} and wants to talk about {topic}", "Reading about {topic} for {project}"),
    "session": ("Handed {topic} to {agent}", "Came from {channel}; open question: {topic}"),
    "observation": ("{service} took {seconds} just now", "{skill} raised {error} {few} times this {part}"),
    "plan": ("Tomorrow: {topic}, then {job}", "Ask {person} about {project} on {day}"),
}
SLOTS = ("current_task", "open_question", "last_error", "next_step", "mood", "waiting_for", "draft", "budget_left")
TTL_HOURS = (None, 6, 24, 72, 168)


def working_memory(world: World) -> Iterator[Row]:
    """A third of those with a time to live have outlived it."""
    random = world.random("working_memory")
    phrases = Phrases(random)
    categories = list(NOTES)
    for number in range(world.counts["working_memory"]):
        category = categories[number % len(categories)]
        ttl = None if number % 4 == 3 else random.choice(TTL_HOURS[1:])
        age = lifetime(ttl, is_expired=number % 3 == 1, random=random)
        created = world.ago(hours=age)
        touched = created + timedelta(hours=age * random.random())
        yield {
            "id": new_id(random),
            "category": category,
            "key": f"{SLOTS[number % len(SLOTS)]}.{number // len(SLOTS) + 1}",
            "value": dumps({"note": phrases.one_of(NOTES[category]), "step": random.randint(1, 6)}),
            "importance": round(random.betavariate(3, 2), 2),
            "ttl_hours": ttl,
            "source": random.choice(("api", "cognitive_loop", "telegram", "six_hour_review")),
            "checkpoint_id": checkpoint(world) if age > 9 and random.random() < 0.6 else None,
            "created_at": created,
            "updated_at": touched,
            "accessed_at": touched,
            "access_count": int(random.expovariate(1 / 4)),
        }


def lifetime(ttl: int | None, *, is_expired: bool, random: Random) -> float:
    """How many hours ago an item was made."""
    if ttl is None:
        return random.uniform(1, 200)
    return ttl * (random.uniform(1.1, 3) if is_expired else random.uniform(0.05, 0.9))


def checkpoint(world: World) -> str:
    return f"ckpt-{world.ago(hours=8):%Y%m%dT%H%M%S}-{world.id_of('checkpoint')[:6]}"


THOUGHTS = {
    "reflection": (
        "I answered {person} too quickly about {topic}.",
        "{few} times today I asked {service} what I could have remembered.",
        "The {part} runs are calmer since {job} moved.",
        "I keep mistaking {topic} for {topic}.",
    ),
    "insight": (
        "{skill} fails less when {service} is warm.",
        "{percent} of the cost is {job}; nobody reads its output.",
        "{model} is good enough for {topic} when the prompt names the sources.",
        "Short sessions end well, long ones drift.",
    ),
    "work_cycle": (
        "Next: {topic}, because {person} waits for it.",
        "{few} cards in doing is one too many.",
        "Finish {project} before anything about {topic}.",
    ),
    "planning": (
        "Give {topic} to {agent} and check on {day}.",
        "If {service} is replaced, {job} goes first.",
        "A week for {topic}, then decide.",
    ),
    "general": (
        "Najia laughed at the joke about {topic}.",
        "It rained in the feed: {few} posts on {topic}.",
        "What would {handle} say about {project}?",
    ),
}


def thoughts(world: World) -> Iterator[Row]:
    random = world.random("thoughts")
    phrases = Phrases(random)
    for created in world.moments(random, world.counts["thoughts"]):
        category = random.choices(list(THOUGHTS), (30, 20, 18, 12, 20))[0]
        yield {
            "id": new_id(random),
            "content": phrases.paragraph(THOUGHTS[category], random.randint(1, 3)),
            "category": category,
            "metadata": {"mood": random.choice(("calm", "curious", "tense", "pleased")), "agent_id": phrases["agent"]},
            "created_at": created,
        }
