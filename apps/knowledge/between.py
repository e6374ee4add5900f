"""The relations between some nodes and some others, found in bounded reads though there be hubs among them."""

MANY = 100  # relations of a node, which are then not read one by one

# By the relations of the start where it has few, else by those of the end, from hub to hub pair by pair.
# The limits in the subqueries keep the planner from beginning at a hub, and the order keeps it from an index that has
# one end alone to search by.
BETWEEN = """
WITH start AS MATERIALIZED (
    SELECT id, (SELECT count(*) FROM (SELECT FROM {relations} WHERE from_entity = node.id LIMIT {many}) AS leaving)
               = {many} AS is_hub
      FROM unnest(%({starts})s::uuid[]) AS node (id)
), finish AS MATERIALIZED (
    SELECT id, (SELECT count(*) FROM (SELECT FROM {relations} WHERE to_entity = node.id LIMIT {many}) AS arriving)
               = {many} AS is_hub
      FROM unnest(%({ends})s::uuid[]) AS node (id)
)
SELECT few.* FROM start, LATERAL (
       SELECT {columns} FROM {relations} WHERE from_entity = start.id AND {of_types} LIMIT {many}) AS few
 WHERE NOT is_hub AND to_entity = ANY(%({ends})s::uuid[])
UNION ALL
SELECT few.* FROM finish, LATERAL (
       SELECT {columns} FROM {relations} WHERE to_entity = finish.id AND {of_types} LIMIT {many}) AS few
 WHERE NOT is_hub AND EXISTS (SELECT FROM start WHERE is_hub)
   AND from_entity = ANY(ARRAY(SELECT id FROM start WHERE is_hub))
UNION ALL
SELECT two.* FROM start, finish, LATERAL (
       SELECT {columns} FROM {relations} WHERE from_entity = start.id AND to_entity = finish.id AND {of_types}
        ORDER BY id LIMIT {most}) AS two
 WHERE start.is_hub AND finish.is_hub"""
OF_TYPES = "(%(types)s::text[] = '{}' OR relation_type = ANY(%(types)s))"


def between(starts: str, ends: str, relations: str, most: int, columns: str = "*") -> str:
    """A statement for those of `types` that lead from one of `starts` to one of `ends`, both names of parameters.

    No more than `most` of each two hubs.
    """
    return BETWEEN.format(
        starts=starts, ends=ends, relations=relations, of_types=OF_TYPES, many=MANY, most=most, columns=columns
    )
