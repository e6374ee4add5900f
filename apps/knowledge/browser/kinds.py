"""Which types of nodes have a colour and shape of their own."""

from collections.abc import Iterable

from django.core.cache import cache
from django.db.models import Count

from apps.knowledge.browser.drawing import KINDS
from apps.knowledge.graphs import Graph

SECONDS = 60  # between two counts of all nodes


def kinds_of(graph: Graph, shown: Iterable[str]) -> dict[str, int]:
    """The most common types of the whole graph, so that a type looks the same on every page; then those shown."""
    key = f"kinds-of-{graph.entities._meta.db_table}"
    types = cache.get(key)
    if types is None:
        types = common_types(graph)
        cache.set(key, types, SECONDS)
    every = dict.fromkeys([*types, *sorted(shown)])
    return {type: place for place, type in enumerate(every, 1) if place <= KINDS}


def common_types(graph: Graph) -> list[str]:
    counted = graph.entities.objects.order_by().values("type").annotate(nodes=Count("*")).order_by("-nodes", "type")
    return list(counted.values_list("type", flat=True)[:KINDS])
