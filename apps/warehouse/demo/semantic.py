"""Semantic memories. Their vectors are made up, but neighbours share a topic, as with a real model.

They are marked as no model's own: the site gives them real ones in the background, as it does with texts that wait.
"""

from collections.abc import Iterator
from math import sqrt
from random import Random

from apps.memory.models import EMBEDDING_DIMENSIONS
from apps.memory.semantic_actions import DEMO_MODEL
from apps.warehouse.demo.phrases import Phrases
from apps.warehouse.demo.world import Row, World, new_id

# topic: category and sentences
TOPICS = {
    "costs": (
        "insight",
        (
            "{job} cost {dollars} this week, {percent} of it on {model}.",
            "Moving {job} to {model} saves {dollars} a day.",
            "Free models are not free: {percent} of their calls are repeated after {error}.",
        ),
    ),
    "outages": (
        "episodic",
        (
            "{service} was down for {few} hours on {day}; the fallback chain held.",
            "After the outage of {service} {few} jobs ran twice.",
            "During the {part} outage we switched from {model} to {model} within {few} minutes.",
        ),
    ),
    "people": (
        "episodic",
        (
            "{person} asked for a summary of {topic} every {day}.",
            "Long talk with {person} about {project}; trust comes from small promises kept.",
            "{person} and {person} disagree about {topic}.",
        ),
    ),
    "decisions": (
        "decision",
        (
            "Decided to keep {topic} out of {project} until it is measured.",
            "{person} chose {model} for {job}; reviewed on {day}.",
            "We stop posting about {topic}: {percent} of the answers were spam.",
        ),
    ),
    "research": (
        "insight",
        (
            "Three papers on {topic} agree that the gain is about {percent}.",
            "The best source on {topic} is {handle}; primary data is linked.",
            "{topic} is a special case of {topic}, which simplifies {project}.",
        ),
    ),
    "markets": (
        "general",
        (
            "{symbol} fell {percent} after the announcement and recovered by the {part}.",
            "{symbol} and {symbol} moved together on {day}.",
            "The signal on {symbol} was noise: {few} of {few} backtests lost money.",
        ),
    ),
    "skills": (
        "lesson",
        (
            "{skill} needs a retry on {error}, but only one.",
            "Calling {skill} before {skill} halves the time to {seconds}.",
            "{skill} returns stale rows when {service} restarts.",
        ),
    ),
    "community": (
        "general",
        (
            "{handle} shared our thread on {topic}; {few} good questions came of it.",
            "People on Moltbook like {topic} when there is a number in it.",
            "Answering within an hour doubles the replies; {handle} noticed.",
        ),
    ),
}
POOL = 40_000  # normal deviates, of which every vector is a mixture


class Space:
    """Where the topics lie: all a little alike, and each around a centre of its own."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.noise = [random.gauss(0, 1) for _ in range(POOL)]
        common = self.direction()
        self.centres = {topic: [0.7 * c + d for c, d in zip(common, self.direction(), strict=True)] for topic in TOPICS}

    def direction(self) -> list[float]:
        start = self.random.randrange(POOL - EMBEDDING_DIMENSIONS)
        return self.noise[start : start + EMBEDDING_DIMENSIONS]

    def near(self, topic: str) -> str:
        """A unit vector close to the topic's centre, as pgvector writes it."""
        mixed = [c + 0.8 * d for c, d in zip(self.centres[topic], self.direction(), strict=True)]
        length = sqrt(sum(x * x for x in mixed))
        return "[" + ",".join([f"{x / length:.5f}" for x in mixed]) + "]"


def semantic_memories(world: World) -> Iterator[Row]:
    random = world.random("semantic_memories")
    phrases, space = Phrases(random), Space(random)
    for created in world.moments(random, world.counts["semantic_memories"]):
        topic = random.choice(list(TOPICS))
        category, sentences = TOPICS[topic]
        content = phrases.paragraph(sentences, random.randint(1, 2))
        reads = int(random.expovariate(1 / 3))
        yield {
            "id": new_id(random),
            "content": content,
            "summary": content.split(". ")[0][:100],
            "category": category,
            "embedding": space.near(topic),
            "site_embedding_model": DEMO_MODEL,
            "metadata": {"topic": topic, "original_length": len(content)},
            "importance": round(random.betavariate(4, 3), 2),
            "source": random.choice(("api", "conversation_summary", "six_hour_review", "telegram")),
            "created_at": created,
            "accessed_at": created + (world.until - created) * random.random() if reads else None,
            "access_count": reads,
        }
