"""Lessons, proposals and reviews."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

from apps.warehouse.demo.phrases import Phrases
from apps.warehouse.demo.skills import SKILLS
from apps.warehouse.demo.world import Row, World, new_id

# What every installation starts with: pattern, type, resolution
SEEDED = (
    ("api_429_rate_limit", "rate_limit", "Wait as long as the header says, then retry on another model."),
    ("litellm_timeout", "timeout", "Use a faster model with fewer output tokens."),
    ("tool_hallucinated_function", "validation", "Call documented tools only; list them first."),
    ("db_connection_refused", "connection", "Check the database container, wait five seconds, retry."),
    ("embedding_model_unavailable", "model", "Fall back to keyword search."),
)
SYMPTOMS = (
    "read_timeout", "empty_answer", "wrong_encoding", "stale_cache", "missing_key", "partial_page", "auth_expired",
    "null_timestamp", "duplicate_row", "too_many_tokens", "broken_json", "lost_reply", "off_by_one_day",
    "slow_first_call",
)  # fmt: skip
TYPES = {
    "read_timeout": "timeout",
    "slow_first_call": "timeout",
    "auth_expired": "authentication",
    "too_many_tokens": "model",
    "broken_json": "validation",
    "missing_key": "validation",
    "lost_reply": "connection",
}
RESOLUTIONS = (
    "Retry once after {seconds}, then give up with a clear message.",
    "Ask {service} for its health before the first call of the {part}.",
    "Validate the answer against the schema; on {error} ask {model} to repair it.",
    "Keep the last good answer for {few} minutes.",
    "Page by key instead of by offset.",
    "unresolved — needs investigation",
)
FIX = """def call(client, path, attempts={attempts}):
    for attempt in range(attempts):
        try:
            return client.get(path, timeout={timeout})
        except {error}:
            if attempt == attempts - 1:
                raise
            time.sleep(2**attempt)
"""
ERRORS = ("TimeoutError", "ConnectionError", "HTTPStatusError")


def lessons_learned(world: World) -> Iterator[Row]:
    random = world.random("lessons_learned")
    phrases = Phrases(random)
    for number, created in enumerate(world.moments(random, world.counts["lessons_learned"])):
        pattern, kind, skill, resolution = lesson(number, phrases)
        code = FIX.format(
            attempts=random.randint(2, 4), timeout=random.choice((5, 10, 30)), error=random.choice(ERRORS)
        )
        yield {
            "id": new_id(random),
            "error_pattern": pattern,
            "error_type": kind,
            "skill_name": skill,
            "context": {"seen_in": phrases["job"], "model": phrases["model"]} if skill else {},
            "resolution": resolution,
            "resolution_code": code if random.random() < 0.3 else None,
            "occurrences": 1 + int(random.expovariate(1 / 6)),
            "last_occurred": created + (world.until - created) * random.random(),
            "effectiveness": round(random.betavariate(5, 2), 2),
            "created_at": created,
        }


def lesson(number: int, phrases: Phrases) -> tuple[str, str, str | None, str]:
    if number < len(SEEDED):
        pattern, kind, resolution = SEEDED[number]
        return pattern, kind, None, resolution
    number -= len(SEEDED)
    cycle = len(SKILLS) * len(SYMPTOMS)
    symptom = SYMPTOMS[number % len(SYMPTOMS)]
    # 3 and 35 have no common divisor, so that no pair of skill and symptom comes twice in a cycle.
    skill = SKILLS[(number // len(SYMPTOMS) * 3 + number % len(SYMPTOMS) * 2) % len(SKILLS)]
    again = f"_{number // cycle + 1}" if number >= cycle else ""
    return f"{skill.name}_{symptom}{again}", TYPES.get(symptom, "data"), skill.name, phrases.one_of(RESOLUTIONS)


# As if the site had counted all along: evenly from the first to the last; what helped little was seen again.
OCCURRENCES = """
INSERT INTO site_lesson_day AS d (lesson_id, day, occurrences)
SELECT id, ((created_at + (last_occurred - created_at) * n / (occurrences - 1.0)) AT TIME ZONE 'UTC')::date, count(*)
  FROM lessons_learned, generate_series(1, occurrences - 2) AS n
 WHERE (created_at AT TIME ZONE 'UTC')::date <> (last_occurred AT TIME ZONE 'UTC')::date
 GROUP BY 1, 2
    ON CONFLICT (lesson_id, day) DO UPDATE SET occurrences = d.occurrences + excluded.occurrences"""
RESOLVED = """
UPDATE site_lesson_state AS s
   SET resolved_at = created_at + (last_occurred - created_at) * CASE WHEN effectiveness < 0.6 THEN 0.6 ELSE 1 END,
       seen_since = CASE WHEN effectiveness < 0.6 THEN ceil((occurrences - 1) * 0.4) ELSE 0 END
  FROM lessons_learned AS l WHERE l.id = s.lesson_id AND resolution NOT LIKE 'unresolved%' AND occurrences > 1"""


def spread_occurrences(cursor: Any) -> None:
    cursor.execute(OCCURRENCES)
    cursor.execute(RESOLVED)


# title, category, risk, file, current code, proposed code, rationale
PROPOSALS = (
    (
        "Retry market data once on a second exchange",
        "reliability",
        "low",
        "aria_skills/market_data/__init__.py",
        "price = await self.primary.price(symbol)\nreturn price\n",
        "try:\n    return await self.primary.price(symbol)\nexcept HTTPStatusError:\n"
        "    return await self.secondary.price(symbol)\n",
        "A third of all calls fails, almost all of them on the first exchange.",
    ),
    (
        "Review every six hours with a smaller model",
        "cost",
        "medium",
        "aria_skills/pipelines/six_hour_review.yaml",
        "model: kimi\nmax_tokens: 2000\n",
        "model: qwen3-mlx\nmax_tokens: 700\n",
        "Its output is read once a day; the local model found the same three problems in eight of nine runs.",
    ),
    (
        "Cache the board for the digest",
        "performance",
        "low",
        "aria_skills/goals/__init__.py",
        "for sprint in sprints:\n    goals += await api.get(f'/goals/board?sprint={sprint}')\n",
        "board = await api.get('/goals/board')\ngoals = [g for column in board['columns'].values() for g in column]\n",
        "One request instead of twelve.",
    ),
    (
        "Stop when the daily budget is spent",
        "cost",
        "high",
        "aria_skills/litellm/__init__.py",
        "response = await self.proxy.complete(prompt)\n",
        "if await self.spent_today() >= self.daily_limit:\n    raise BudgetSpent(self.daily_limit)\n"
        "response = await self.proxy.complete(prompt)\n",
        "On one day last month a loop spent four times the budget before anybody noticed.",
    ),
    (
        "Quote posts before they reach a prompt",
        "security",
        "medium",
        "aria_skills/moltbook/feed.py",
        "prompt += post['content']\n",
        "prompt += quote(self.guard.redact(post['content']))\n",
        "Two of the last five injections came in through the feed.",
    ),
    (
        "Consolidate memories at night only",
        "schedule",
        "low",
        "aria_mind/HEARTBEAT.md",
        "- every 2 hours: memory_consolidation\n",
        "- 03:30: memory_consolidation\n",
        "It competes with the morning's conversations for the local model.",
    ),
)


def improvement_proposals(world: World) -> Iterator[Row]:
    random = world.random("improvement_proposals")
    phrases = Phrases(random)
    for number, created in enumerate(world.moments(random, world.counts["improvement_proposals"])):
        title, category, risk, path, current, proposed, rationale = PROPOSALS[number % len(PROPOSALS)]
        if number >= len(PROPOSALS):
            title = phrases.fill("{skill}: ") + title[:1].lower() + title[1:]
        yield {
            "id": new_id(random),
            "title": title,
            "description": phrases.fill(f"{rationale} Suggested by {{agent}} after {{few}} failures of {{skill}}."),
            "category": category,
            "risk_level": risk,
            "file_path": path,
            "current_code": current,
            "proposed_code": proposed,
            "rationale": rationale,
            "created_at": created,
            **review(world, created, random),
        }


def review(world: World, created: datetime, random: Random) -> Row:
    """Young proposals still wait for a decision."""
    if world.until - created < timedelta(days=12):
        return {"status": "proposed", "reviewed_by": None, "reviewed_at": None}
    status = random.choices(("approved", "rejected", "implemented", "proposed"), (25, 20, 45, 10))[0]
    if status == "proposed":
        return {"status": status, "reviewed_by": None, "reviewed_at": None}
    return {"status": status, "reviewed_by": "najia", "reviewed_at": created + timedelta(days=random.uniform(0.1, 10))}


SUCCESSES = (
    "{few} goals done, {project} ahead of plan.",
    "{job} ran without a retry.",
    "{percent} cheaper than the week before.",
    "{person} was happy with the summary on {topic}.",
)
FAILURES = (
    "{skill} failed {few} times with {error}.",
    "{few} sessions were never closed.",
    "{service} was down for {few} hours.",
    "Answered {person} a day late.",
)
IMPROVEMENTS = (
    "Retry {skill} once.",
    "Give {topic} to {agent}.",
    "Ask {model} only after {model} has failed.",
    "Close sessions that are silent for {few} hours.",
)


def performance_log(world: World) -> Iterator[Row]:
    random = world.random("performance_log")
    phrases = Phrases(random)
    for number, created in enumerate(world.moments(random, world.counts["performance_log"])):
        yield {
            "id": number + 1,
            "review_period": random.choice(("6h", "daily", "daily", "weekly")),
            "successes": phrases.paragraph(SUCCESSES, random.randint(1, 3)),
            "failures": phrases.paragraph(FAILURES, random.randint(1, 2)),
            "improvements": phrases.paragraph(IMPROVEMENTS, random.randint(1, 2)),
            "created_at": created,
        }
