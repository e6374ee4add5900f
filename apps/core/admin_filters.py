"""Filters and a search whose cost does not grow with the table: no DISTINCT, no COUNT and no scan of it."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter, FieldListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import connection
from django.db.models import Field, Max, Min, Model, Q
from django.utils import timezone

MOST_YEARS = 30
MOST_CHOICES = 100
MOST_NAMES = 500

WINDOWS = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    "30d": ("Last 30 days", timedelta(days=30)),
}
FORMATS = {4: "%Y", 7: "%B %Y", 10: "%d %B %Y"}


def names_in(model: type[Model], field: str, limit: int) -> list[Any]:
    """The first distinct values of an indexed column, each found by one step down the index."""
    quote = connection.ops.quote_name
    name, table = quote(str(concrete(model, field).column)), quote(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE step (name) AS (
                (SELECT {name} FROM {table} WHERE {name} IS NOT NULL ORDER BY {name} LIMIT 1)
                UNION ALL
                SELECT (SELECT {name} FROM {table} WHERE {name} > step.name ORDER BY {name} LIMIT 1)
                  FROM step WHERE step.name IS NOT NULL
            ) SELECT name FROM step WHERE name IS NOT NULL LIMIT %s""",
            [limit],
        )
        return [value for (value,) in cursor.fetchall()]


def concrete(model: type[Model], name: str) -> Field:
    return next(field for field in model._meta.concrete_fields if field.name == name)


def matching_names(model: type[Model], fields: Iterable[str], word: str) -> Q:
    """Rows with `word` in one of the `fields`: sought in the distinct names, so that the rows come by index."""
    found = Q()
    for field in fields:
        names = names_in(model, field, MOST_NAMES)
        # The word itself too, for names beyond the first MOST_NAMES.
        found |= Q((f"{field}__in", [word, *(name for name in names if word.lower() in name.lower())]))
    return found


class NamesFilter(AllValuesFieldListFilter):
    """One choice for each value of an indexed column, without Django's DISTINCT over the whole table."""

    def __init__(self, field, request, params, model, model_admin, field_path):
        super().__init__(field, request, params, model, model_admin, field_path)
        names = names_in(model, field.name, MOST_CHOICES)
        self.lookup_choices = [*names, None] if field.null else names  # type: ignore[assignment]


class PeriodFilter(FieldListFilter):
    """The last hour to 30 days, or a year, month or day between the first and the last row."""

    parameter = "when"

    def expected_parameters(self):
        return [self.parameter]

    @property
    def chosen(self) -> str | None:
        values: Any = self.used_parameters.get(self.parameter)
        return str(values[-1]) if values else None

    def queryset(self, request, queryset):
        if self.chosen is None:
            return queryset
        if self.chosen in WINDOWS:
            since = timezone.now() - WINDOWS[self.chosen][1]
            return queryset.filter((f"{self.field_path}__gte", since))
        start, end = span(self.chosen)
        return queryset.filter((f"{self.field_path}__gte", start), (f"{self.field_path}__lt", end))

    def choices(self, changelist):
        yield self.choice(changelist, None, "Any time")
        for value, (label, _) in WINDOWS.items():
            yield self.choice(changelist, value, label)
        for day in self.dates(changelist.model):
            yield self.choice(changelist, day, date.fromisoformat(f"{day}-01-01"[:10]).strftime(FORMATS[len(day)]))

    def choice(self, changelist, value: str | None, label: str) -> dict[str, Any]:
        return {
            "selected": self.chosen == value,
            "query_string": changelist.get_query_string({self.parameter: value}),
            "display": label,
        }

    def dates(self, model: type[Model]) -> Iterator[str]:
        """The years, below the chosen year its months, and below the chosen month its days, as ISO dates."""
        # The two ends of an index; Django's date_hierarchy would truncate and sort every row's time.
        ends = model._default_manager.aggregate(first=Min(self.field_path), last=Max(self.field_path))
        if ends["last"] is None:
            return
        first, last = (timezone.localtime(end).date().isoformat() for end in (ends["first"], ends["last"]))
        chosen = "" if self.chosen in WINDOWS else self.chosen or ""
        # A single row of the year 9999 must not make a list of eight thousand.
        newest = min(int(last[:4]), timezone.now().year + 10)
        for year in range(newest, max(int(first[:4]), newest - MOST_YEARS) - 1, -1):
            yield f"{year:04}"
            if chosen[:4] == f"{year:04}":
                yield from months(chosen, first, last)


def months(chosen: str, first: str, last: str) -> Iterator[str]:
    for number in range(1, 13):
        month = f"{chosen[:4]}-{number:02}"
        if first[:7] <= month <= last[:7]:
            yield month
            if chosen[:7] == month:
                yield from days(month, first, last)


def days(month: str, first: str, last: str) -> Iterator[str]:
    start, end = span(month)
    for offset in range((end - start).days):
        day = (start + timedelta(days=offset)).date().isoformat()
        if first <= day <= last:
            yield day


def span(text: str) -> tuple[datetime, datetime]:
    """The beginning of a year, month or day (2026, 2026-03, 2026-03-05) and that of the next."""
    try:
        numbers = [int(part) for part in text.split("-")]
        start = datetime(*[*numbers, 1, 1][:3])  # type: ignore[arg-type]
        if len(numbers) == 1:
            end = start.replace(year=start.year + 1)
        elif len(numbers) == 2:
            end = (start + timedelta(days=31)).replace(day=1)
        else:
            end = start + timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise IncorrectLookupParameters(error) from error
    return timezone.make_aware(start), timezone.make_aware(end)
