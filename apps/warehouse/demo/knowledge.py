"""The organic knowledge graph, and the questions that were put to the graphs."""

from collections.abc import Iterator
from itertools import islice, product
from random import Random

from apps.warehouse.demo.phrases import WORDS, Phrases
from apps.warehouse.demo.skills import first_skills
from apps.warehouse.demo.world import Row, World, new_id

# The core of the graph: everything else hangs on it.
CORE = (
    ("Aria", "agent", "The agent itself"),
    ("Najia", "person", "Owner; decides on money and publishing"),
    ("PostgreSQL", "tool", "The warehouse"),
    ("LiteLLM", "tool", "Model proxy with one price list"),
    ("kimi", "model", "Long contexts, fair price"),
    ("Moltbook", "platform", "The social network of agents"),
    ("OpenClaw", "tool", "Gateway: sessions, cron and channels"),
    ("token budget", "concept", "What a day may cost"),
    ("six-hour review", "concept", "Looking back four times a day"),
    ("input_guard", "skill", "Reads everything first"),
    ("prompt injection", "concept", "Text that wants to be obeyed"),
    ("sprint board", "project", "Goals, columns, sprints"),
    ("Grafana", "tool", "Dashboards of the host"),
    ("qwen3-mlx", "model", "Runs on the own machine"),
    ("memory consolidation", "concept", "Many notes become few memories"),
    ("research desk", "project", "From questions to theses with sources"),
    ("Tomás", "person", "Runs the infrastructure"),
    ("quietloop", "agent", "Curious neighbour on Moltbook"),
    ("vector search", "concept", "Finding by meaning"),
)
RELATIONS = (
    (0, "owned_by", 1), (0, "uses", 2), (0, "uses", 3), (3, "routes_to", 4), (0, "posts_on", 5), (0, "runs_on", 6),
    (7, "limits", 8), (9, "guards_against", 10), (0, "works_on", 11), (1, "reads", 12), (3, "routes_to", 13),
    (14, "uses", 18), (15, "part_of", 0), (16, "maintains", 2), (17, "works_with", 0),
)  # fmt: skip
RELATION_TYPES = ("uses", "related_to", "depends_on", "part_of", "learned_from", "works_with", "works_on", "mentions")


def grown() -> Iterator[tuple[str, str, str]]:
    """Entities beyond the core: first the known words, then their combinations."""
    kinds = {"person": "person", "topic": "concept", "project": "project", "service": "tool", "handle": "agent"}
    for word, kind in kinds.items():
        yield from ((name, kind, f"Seen in {len(name)} sessions") for name in WORDS[word])
    for number, topic, project in product(range(1, 1_000), WORDS["topic"], WORDS["project"]):
        yield f"{topic} in {project}" + (f" ({number})" if number > 1 else ""), "concept", f"A question of {project}"


def entity_id(world: World, number: int) -> str:
    return world.id_of("knowledge", number)


def knowledge_entities(world: World) -> Iterator[Row]:
    random = world.random("knowledge_entities")
    count = world.counts["knowledge_entities"]
    known = list(islice((*CORE, *islice(grown(), max(0, count - len(CORE)))), count))
    for number, created in enumerate(world.moments(random, count)):
        name, kind, description = known[number]
        yield {
            "id": entity_id(world, number),
            "name": name,
            "type": kind,
            "properties": {"description": description, "confidence": round(random.uniform(0.55, 1), 2)},
            "created_at": created,
            "updated_at": created + (world.until - created) * random.random() ** 2,
        }


def knowledge_relations(world: World) -> Iterator[Row]:
    """As in real graphs, few nodes have most of the edges: the old ones."""
    random = world.random("knowledge_relations")
    entities = world.counts["knowledge_entities"]
    known = [relation for relation in RELATIONS if max(relation[0], relation[2]) < entities]
    for number, created in enumerate(world.moments(random, world.counts["knowledge_relations"])):
        source, kind, target = known[number] if number < len(known) else grown_relation(entities, random)
        yield {
            "id": new_id(random),
            "from_entity": entity_id(world, source),
            "to_entity": entity_id(world, target),
            "relation_type": kind,
            "properties": {
                "weight": round(random.uniform(0.2, 1), 2),
                "source": random.choice(("session", "research")),
            },
            "created_at": created,
        }


def grown_relation(entities: int, random: Random) -> tuple[int, str, int]:
    return random.randrange(entities), random.choice(RELATION_TYPES), int(entities * random.random() ** 3)


def knowledge_query_log(world: World) -> Iterator[Row]:
    random = world.random("knowledge_query_log")
    phrases = Phrases(random)
    skills = [skill.name for skill in first_skills(35)]
    for created in world.moments(random, world.counts["knowledge_query_log"]):
        kind = random.choices(("search", "traverse", "skill_for_task"), (45, 25, 30))[0]
        found = 0 if random.random() < 0.12 else random.randint(1, 25)
        yield {
            "id": new_id(random),
            "query_type": kind,
            "params": query(kind, skills, phrases, random),
            "result_count": found,
            "tokens_saved": random.randint(120, 2_400) if found and random.random() < 0.7 else None,
            "used_result": bool(found) and random.random() < 0.6,
            "source": random.choice(("api", "api", "cognitive_loop", "page")),
            "created_at": created,
        }


def query(kind: str, skills: list[str], phrases: Phrases, random: Random) -> Row:
    if kind == "search":
        return {"q": phrases["topic"], "entity_type": random.choice((None, "skill", "tool"))}
    if kind == "traverse":
        return {"start": random.choice(skills), "max_depth": random.randint(1, 3), "direction": "outgoing"}
    return {"task": phrases.fill("{topic} for {person}"), "limit": 5}
