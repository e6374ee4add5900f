"""The time that a page is about: said in its URL, read in the person's zone, and set beside the period before."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models.functions import Trunc
from django.http import QueryDict
from django.utils import timezone

from apps.core.rollups import Span, ceiling

Grain = Literal["hour", "day", "week", "month"]
LENGTHS = {"1h": timedelta(hours=1), "24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
NAMES = {"1h": "1 h", "24h": "24 h", "7d": "7 d", "30d": "30 d", "all": "All"}
# The coarsest that still shows some tens of bars.
GRAINS: tuple[tuple[timedelta, Grain], ...] = (
    (timedelta(days=3), "hour"),
    (timedelta(days=120), "day"),
    (timedelta(days=200), "week"),
)


@dataclass(frozen=True)
class TimeRange:
    """From `since`, which is None for all time, to before `ends`."""

    name: str  # one of NAMES, or `own`
    since: datetime | None
    ends: datetime
    goes_on: bool = False  # it ends now

    @property
    def until(self) -> datetime:
        """What is asked for is before it. Of what goes on the whole hour that runs is, whose sums are there: else each
        row of it would be read, and where much arrives these are hundreds of thousands."""
        return ceiling(self.ends, "hour") if self.goes_on else self.ends

    @property
    def length(self) -> timedelta:
        return self.ends - self.since if self.since else timedelta.max

    @property
    def previous(self) -> "TimeRange | None":
        """As long, just before; all time has none."""
        if self.since is None:
            return None
        return TimeRange("own", self.since - self.length, self.since)

    def starting_at(self, first: datetime) -> "TimeRange":
        """For all time: from the first thing that there is."""
        return replace(self, since=min(first, self.ends)) if self.since is None else self

    @property
    def grain(self) -> Grain:
        """Of its charts."""
        return next((grain for longest, grain in GRAINS if self.length <= longest), "month")

    @property
    def finest(self) -> Span:
        """Of the sums that its charts need; `since` must be known.

        Sums of days are of UTC's days, so the days and weeks of other zones take hours. Months are UTC's everywhere.
        """
        if self.grain == "month":
            return "month"
        elsewhere = any(start.utcoffset() for start in self.starts())
        return "hour" if self.grain == "hour" or elsewhere else "day"

    def starts(self) -> Iterator[datetime]:
        """Of the hours, days, weeks or months that it touches, in the person's zone; `since` must be known."""
        assert self.since is not None
        moment = start_of(self.grain, self.since)
        while moment < self.ends:
            yield moment
            moment = following(self.grain, moment)


def start_of(grain: Grain, moment: datetime) -> datetime:
    """In the person's zone the start of the hour, day or week (Monday); of the month in UTC."""
    local = moment.astimezone(zone_of(grain)).replace(minute=0, second=0, microsecond=0)
    if grain == "hour":
        return local
    local = local.replace(hour=0)
    if grain == "week":
        return local - timedelta(days=local.weekday())
    return local.replace(day=1) if grain == "month" else local


def zone_of(grain: str) -> tzinfo:
    return UTC if grain == "month" else timezone.get_current_timezone()


def start_in(grain: str, zone: tzinfo | None = None) -> Trunc:
    """What `start_of` makes of the start of sums, in the database; in the person's zone, if in no other."""
    return Trunc("starts", grain, tzinfo=zone or zone_of(grain))


def following(grain: Grain, start: datetime) -> datetime:
    """The next start. By way of the middle of it: days have 23 hours or 25 now and then."""
    if grain == "hour":
        return timezone.localtime(start + timedelta(hours=1))
    days = {"day": 1.5, "week": 7.5, "month": 32}[grain]
    return start_of(grain, start + timedelta(days=days))


def label_of(grain: Grain, start: datetime) -> str:
    """Short enough to stand under a chart."""
    local = start.astimezone(zone_of(grain))
    return local.strftime({"hour": "%b %-d, %H:00", "day": "%b %-d", "week": "week of %b %-d", "month": "%b %Y"}[grain])


# So far that the period before is still within the calendar.
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class MomentField(forms.DateTimeField):
    def __init__(self) -> None:
        years = [
            MinValueValidator(EARLIEST, f"This must not be before {EARLIEST.year}."),
            MaxValueValidator(LATEST, f"This must be before {LATEST.year}."),
        ]
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"})
        super().__init__(required=False, widget=widget, validators=years)


class RangeForm(forms.Form):
    """`range=7d`, or `since` and `until` (either may be missing) in the person's zone."""

    range = forms.ChoiceField(choices=[*NAMES.items()], required=False)
    since = MomentField()
    until = MomentField()

    def clean(self) -> None:
        super().clean()
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until") or timezone.now()
        if since and since >= until:
            self.add_error("until", "This must be later than the start.")


def chosen_range(query: QueryDict, default: str = "7d") -> tuple[TimeRange, RangeForm]:
    """What the URL asks for; the form says what was wrong with it, and then the default is shown."""
    form = RangeForm(query)
    now = timezone.now()
    if form.is_valid():
        since, until = form.cleaned_data["since"], form.cleaned_data["until"]
        if since or until:
            return TimeRange("own", since, until or now, goes_on=not until), form
        default = form.cleaned_data["range"] or default
    length = LENGTHS.get(default)
    return TimeRange(default, now - length if length else None, now, goes_on=True), form
