"""A large organic graph for measuring: words for names, few nodes with most of the relations, as real graphs have."""

from django.db import connection, transaction

from apps.knowledge.models import KnowledgeEntity, KnowledgeRelation

ENTITIES, RELATIONS = 100_000, 500_000
HUBS, OF_A_HUB = 4, 50_000  # relations of each
HUB = "hub {}"

WORDS = "token budget memory market session review pipeline agent prompt vector schedule lesson signal report archive"
TYPES = "concept person project tool agent model place event document question"
RELATION_TYPES = "uses related_to depends_on part_of learned_from works_with works_on mentions"

MAKE_ENTITIES = """
INSERT INTO knowledge_entities (name, type, properties, created_at, updated_at)
SELECT CASE WHEN number <= %(hubs)s THEN 'hub ' || number
            ELSE words[1 + (hashint4(number) & 1023) %% 15] || ' ' || words[1 + (hashint4(number + 7) & 1023) %% 15]
                 || ' ' || number END,
       types[1 + (number::bigint * number + number / 3) %% 10],
       jsonb_build_object('description', 'Seen in ' || number %% 97 || ' sessions',
                          'confidence', number %% 100 / 100.0),
       moment, moment
  FROM (SELECT number, string_to_array(%(words)s, ' ') AS words, string_to_array(%(types)s, ' ') AS types,
               now() - (%(entities)s - number) * interval '30 seconds' AS moment
          FROM generate_series(1, %(entities)s) AS number) AS made"""

# The first relations are those of the hubs, in turn leaving and arriving; of the others the old nodes have most.
MAKE_RELATIONS = """
WITH node AS MATERIALIZED (SELECT array_agg(id ORDER BY created_at) AS ids FROM knowledge_entities),
     pair AS (
        SELECT number,
               CASE WHEN number <= %(hubs)s * %(of_a_hub)s THEN 1 + number %% %(hubs)s
                    ELSE 1 + floor(%(entities)s * random() ^ 3)::int END AS one,
               1 + floor(%(entities)s * random())::int AS other
          FROM generate_series(1, %(relations)s) AS number)
INSERT INTO knowledge_relations (from_entity, to_entity, relation_type, properties, created_at)
SELECT ids[CASE WHEN swapped THEN other ELSE one END], ids[CASE WHEN swapped THEN one ELSE other END],
       (string_to_array(%(relation_types)s, ' '))[1 + floor(8 * random() ^ 2)::int], '{"source": "bench"}',
       now() - random() * interval '90 days'
  FROM node, (SELECT *, number / %(hubs)s %% 2 = 0 AS swapped FROM pair) AS pair"""


def there_are_rows() -> bool:
    return KnowledgeEntity.objects.exists() or KnowledgeRelation.objects.exists()


def fill(entities: int = ENTITIES, relations: int = RELATIONS) -> None:
    """Adds to what there is, in one transaction; the history is not told of it."""
    arguments: dict[str, int | str] = {
        **{"entities": entities, "relations": relations, "hubs": HUBS, "of_a_hub": relations // 10},
        **{"words": WORDS, "types": TYPES, "relation_types": RELATION_TYPES},
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("knowledge_entities", "knowledge_relations"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(MAKE_ENTITIES, arguments)
        cursor.execute(MAKE_RELATIONS, arguments)
        for table in ("knowledge_entities", "knowledge_relations"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE knowledge_entities, knowledge_relations")
