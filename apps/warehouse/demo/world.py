"""The frame that all demo rows share: how many there are, from which chance, and in which span of time."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from apps.warehouse.demo.rhythm import Rhythm

Row = dict[str, Any]

# A real installation's rows at scale 1. It had no semantic memories, agent performance or tick,
# which would leave three pages empty.
COUNTS = {
    "agent_sessions": 8_444,
    "model_usage": 7_024,
    "skill_invocations": 18_083,
    "activity_log": 7_297,
    "skill_graph_entities": 278,
    "skill_graph_relations": 270,
    "social_posts": 162,
    "knowledge_query_log": 144,
    "goals": 109,
    "thoughts": 80,
    "lessons_learned": 80,
    "hourly_goals": 62,
    "skill_status": 35,
    "memories": 32,
    "pending_complex_tasks": 30,
    "knowledge_entities": 19,
    "knowledge_relations": 15,
    "security_events": 16,
    "performance_log": 15,
    "heartbeat_log": 15,
    "api_key_rotations": 14,
    "working_memory": 8,
    "scheduled_jobs": 7,
    "improvement_proposals": 6,
    "rate_limits": 1,
    "semantic_memories": 60,
    "agent_performance": 40,
    "schedule_tick": 1,
}


def rows_at(scale: float) -> dict[str, int]:
    """How many rows each table gets. The tick is one row by nature."""
    counts = {table: max(1, round(count * scale)) for table, count in COUNTS.items()}
    return counts | {"schedule_tick": 1}


@dataclass
class World:
    scale: float
    seed: int
    until: datetime
    counts: dict[str, int] = field(init=False)
    rhythm: Rhythm = field(init=False)

    def __post_init__(self) -> None:
        self.counts = rows_at(self.scale)
        # A bigger warehouse is both older and busier: 60 days at scale 1, a year at scale 100.
        days = round(60 * max(1.0, self.scale) ** 0.392)
        self.rhythm = Rhythm(self.until, days, self.random("rhythm"))

    def random(self, name: str) -> Random:
        """A chance of its own for each table, so that a change to one leaves the others as they were."""
        return Random(f"{self.seed}/{name}")

    def id_of(self, *name: object) -> str:
        """An id that two tables can work out on their own."""
        digest = hashlib.md5("/".join(map(str, (self.seed, *name))).encode(), usedforsecurity=False)
        return as_uuid4(digest.hexdigest())

    def moments(self, random: Random, count: int) -> Iterator[datetime]:
        """`count` moments of the whole span, oldest first."""
        for number in range(count):
            yield self.rhythm.at((number + random.random()) / count)

    def before(self, moment: datetime) -> datetime:
        """`moment`, but never after the end of the world."""
        return min(moment, self.until)

    def ago(self, **duration: float) -> datetime:
        return self.until - timedelta(**duration)


def as_uuid4(digits: str) -> str:
    """Dress 32 hexadecimal digits up as a random UUID."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


def new_id(random: Random) -> str:
    return as_uuid4(f"{random.getrandbits(128):032x}")
