"""Times, figures and texts for people: short to read, and times exact on hover."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from apps.core import figures

register = template.Library()
STEPS = ((60, "s"), (60, "min"), (24, "h"), (30, "d"), (12, "mo"), (None, "y"))


def span(seconds: float) -> str:
    """The largest unit alone: 40 s, 3 min, 5 h, 2 d, 4 mo, 1 y."""
    value = abs(seconds)
    for size, unit in STEPS:
        if size is None or value < size:
            return f"{int(value)} {unit}"
        value /= size
    raise AssertionError("unreachable")


@register.filter
def ago(moment: datetime | None) -> SafeString | str:
    """'3 min ago', or 'in 2 d' for what is to come."""
    if moment is None:
        return ""
    seconds = (timezone.now() - moment).total_seconds()
    words = "now" if abs(seconds) < 5 else f"{span(seconds)} ago" if seconds > 0 else f"in {span(seconds)}"
    return stamped(moment, words)


@register.filter
def age(moment: datetime | None) -> SafeString | str:
    """'2 d', where the context says what it is the age of."""
    return "" if moment is None else stamped(moment, span((timezone.now() - moment).total_seconds()))


@register.filter
def overdue(moment: datetime | None) -> bool:
    return moment is not None and moment < timezone.now()


def known(written: Callable[[float], str]) -> Callable[[float | Decimal | None], str]:
    return lambda value: "" if value is None else written(float(value))


for written in (figures.whole, figures.dollars, figures.share, figures.milliseconds, figures.duration):
    register.filter(written.__name__, known(written))


def stamped(moment: datetime, words: str) -> SafeString:
    """`words` are our own, and need no escaping."""
    return mark_safe(f'<time title="{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC">{words}</time>')


@register.filter
def short(text: object, most: int) -> str:
    """At most so many characters. Django's truncatechars also translates its dots, which took longer than a card."""
    whole = str(text)
    return whole if len(whole) <= most else f"{whole[: most - 1]}…"
