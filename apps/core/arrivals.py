"""Rows that come while a page of them is open: it asks how many there are, and shows them when it is told to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from apps.core.keyset import KeysetPage, cleaned, keyset_page

HEADER = "Live-Since"  # what an open page sends when it asks what has changed; see static/js/live_page.js
MOST = 99


@dataclass(frozen=True)
class LivePage(KeysetPage):
    """`since` is the moment of the newest row; empty where new rows would not be on top. `arrived` came after it."""

    since: str = ""
    arrived: int = 0

    @property
    def news(self) -> str:
        return f"{MOST}+ new" if self.arrived > MOST else f"{self.arrived} new"


def live_page(rows: QuerySet, moment: str, request: HttpRequest, *, changing: bool = False, **options: Any) -> LivePage:
    """As `keyset_page`. To an open page, which shows its rows already, only how many newer ones there are.

    Where rows are `changing` it gets those that it shows, as they are now.
    """
    header = request.headers.get(HEADER)
    if header is not None:
        since = moment_of(header, rows, moment)
        count = arrived(rows, moment, since) if since else 0
        if not changing:
            return LivePage([], f"-{moment}", arrived=count)
        shown = rows.filter(**{f"{moment}__lte": since}) if since else rows
        return LivePage(**vars(keyset_page(shown, moment, request.GET, **options)), arrived=count)
    page = keyset_page(rows, moment, request.GET, **options)
    return LivePage(**vars(page), since="" if page.newer or page.order != f"-{moment}" else newest(page, moment))


def newest(page: KeysetPage, moment: str) -> str:
    found = getattr(page.rows[0], moment) if page.rows else timezone.now()
    return found.isoformat()


def moment_of(header: str, rows: QuerySet, moment: str) -> datetime | None:
    """What is no moment counts as none: the header may be anybody's."""
    try:
        return cleaned(rows.model._meta.get_field(moment), header)
    except (ValidationError, ValueError, OverflowError):
        return None


def arrived(rows: QuerySet, moment: str, since: datetime) -> int:
    """Rows newer than `since`, by the index on `moment`; no more than one over MOST are counted."""
    return rows.filter(**{f"{moment}__gt": since}).order_by(moment)[: MOST + 1].count()
