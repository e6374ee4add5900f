"""Where nodes stand. Nothing is remembered between pages: the same nodes and clicks give the same places."""

import math
from random import Random
from statistics import median
from uuid import UUID

import igraph

from apps.knowledge.browser.neighbourhood import Neighbourhood, ShownNode

Places = dict[UUID, tuple[float, float]]
APART, WIDER = 74, 1.3  # from a node to the nearest; pictures are wider than high
LEAST, MOST = 48, 120  # of units to a spring
LAYER, ROW = 250, 34
STEPS = 200
ANYWHERE = 1e6


def sprung(shown: Neighbourhood) -> Places:
    """By forces (Fruchterman and Reingold), the middle fixed; what an expansion brings moves nothing that was there."""
    places: Places = {shown.centre.id: (0.0, 0.0)}
    there: list[ShownNode] = [shown.centre]
    size = float(MOST)
    for number, stage in enumerate(shown.stages[1:]):
        there = [*there, *stage]
        if stage:
            places = settled(there, places, shown)
        if number == 0:
            size = size_of(places)
    return {node: (x * size * WIDER, y * size) for node, (x, y) in places.items()}


def size_of(places: Places) -> float:
    """Of a spring, so that names have room and little is far apart."""
    spots = list(places.values())
    nearest = [min(math.dist(spot, other) for other in spots if other is not spot) for spot in spots if len(spots) > 1]
    return min(MOST, max(LEAST, APART / max(0.01, median(nearest)))) if nearest else MOST


def settled(nodes: list[ShownNode], places: Places, shown: Neighbourhood) -> Places:
    """`places` with those of the other `nodes`, which find theirs around what stands already."""
    number = {node.id: place for place, node in enumerate(nodes)}
    edges = {(number[edge.start], number[edge.end]) for edge in shown.edges if {edge.start, edge.end} <= number.keys()}
    seed = [places.get(node.id) or first_place(node, places, len(nodes)) for node in nodes]
    low = [places.get(node.id) or (-ANYWHERE, -ANYWHERE) for node in nodes]
    high = [places.get(node.id) or (ANYWHERE, ANYWHERE) for node in nodes]
    igraph.set_random_number_generator(Random(1))  # it shakes the nodes a little
    layout = igraph.Graph(len(nodes), sorted(edges)).layout_fruchterman_reingold(
        seed=seed,
        niter=STEPS,
        grid=False,
        minx=[x for x, _ in low],
        miny=[y for _, y in low],
        maxx=[x for x, _ in high],
        maxy=[y for _, y in high],
    )
    return {node.id: (x, y) for node, (x, y) in zip(nodes, layout, strict=True)}


def first_place(node: ShownNode, places: Places, size: int) -> tuple[float, float]:
    """Told from its id: around the middle, or beyond the node that led to it."""
    turn = node.id.int % 3600 / 3600
    from_middle = places.get(node.found_from.id) if node.found_from else None
    if from_middle is None or from_middle == (0, 0):
        reach = 1 + math.sqrt(size) / 3
        return reach * math.cos(math.tau * turn), reach * math.sin(math.tau * turn)
    x, y = from_middle
    outward = math.atan2(y, x) + (turn - 0.5) * 2
    return x + 1.5 * math.cos(outward), y + 1.5 * math.sin(outward)


def layered(shown: Neighbourhood) -> Places:
    """In columns (Sugiyama), a node left of those that its relations, or the ways that are shown, lead to."""
    number = {node: place for place, node in enumerate(shown.nodes)}
    pairs = [(edge.start, edge.end) for edge in shown.edges] if shown.along is None else shown.along
    edges = {(number[start], number[end]) for start, end in pairs if start != end}
    layout = igraph.Graph(len(number), sorted(edges), directed=True).layout_sugiyama(maxiter=100)
    middle_x, middle_y = layout[number[shown.centre.id]]
    return {
        node: ((y - middle_y) * LAYER, (x - middle_x) * ROW) for node, (x, y) in zip(shown.nodes, layout, strict=True)
    }
