from collections.abc import Sequence

from apps.core.charts.axes import Written
from apps.core.charts.series import Chart, Series


def histogram(
    title: str, edges: Sequence[float], counts: Sequence[int], written: Written, *, of: str = "Values", unit: str
) -> Chart:
    """How many values lie between each edge and the next; `edges` is one longer than `counts`.

    All buckets are drawn equally wide, so edges that grow by one factor make a log axis. `of` names what is counted
    and `unit` what is measured.
    """
    spans = [f"{written(low)} to {written(high)}" for low, high in zip(edges, edges[1:], strict=False)]
    below = [written(edge) for edge in edges[:-1]]
    return Chart(title, "histogram", spans, [Series(of, counts)], heading=unit, below=below)
