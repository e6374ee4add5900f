"""What `since your last visit` means.

A visit lasts while pages are opened: each sets a cookie that the browser forgets after VISIT of quiet. The first look
at the overview after that begins the next visit, and `since` is then the last look before it. So to load a page again
changes nothing, and neither does a second browser within the same time.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.core.arrivals import HEADER as LIVE

VISIT = timedelta(minutes=30)
COOKIE = "visit"
LOOK = """
INSERT INTO site_visit AS known (user_id, seen_at) VALUES (%(user)s, %(now)s)
ON CONFLICT (user_id) DO UPDATE SET
    since = CASE WHEN known.seen_at < %(still_there)s THEN known.seen_at ELSE known.since END,
    seen_at = greatest(known.seen_at, excluded.seen_at)
RETURNING since
"""


class VisitQuerySet(models.QuerySet):
    def look(self, user_id: int, *, goes_on: bool) -> datetime | None:
        """Note a look at the overview; since when things are new to this person, None for all.

        `goes_on`: the browser knows of a visit under way.
        """
        now = timezone.now()
        still_there = None if goes_on else now - VISIT  # nothing is less than null
        with connection.cursor() as cursor:
            cursor.execute(LOOK, {"user": user_id, "now": now, "still_there": still_there})
            return cursor.fetchone()[0]

    def since(self, user_id: int) -> datetime | None:
        return self.filter(user_id=user_id).values_list("since", flat=True).first()

    def mark_all_seen(self, user_id: int) -> None:
        now = timezone.now()
        self.update_or_create(user_id=user_id, defaults={"since": now, "seen_at": now})


def visit_under_way(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Each page that a person opens lengthens the visit; what an open page fetches by itself does not."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if is_opened_page(request, response):
            response.set_cookie(
                COOKIE, "1", max_age=VISIT, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
            )
        return response

    return middleware


def is_opened_page(request: HttpRequest, response: HttpResponse) -> bool:
    found = request.resolver_match
    return (
        response.status_code == 200
        and response.get("Content-Type", "").startswith("text/html")
        and not asks_by_itself(request)
        and found is not None
        and getattr(found.func, "login_required", True)
    )


def asks_by_itself(request: HttpRequest) -> bool:
    """An open page, without anybody having done anything."""
    htmx = getattr(request, "htmx", None)
    return LIVE in request.headers or bool(htmx and not htmx.boosted and not htmx.history_restore_request)
