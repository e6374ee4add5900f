"""The questions that are put to the telemetry."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Count, F, Q, Subquery, Sum, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Left, Lower, NullIf, Replace
from django.utils import timezone

from apps.core.fields import Literal, Now
from apps.core.keyset import beyond
from apps.core.texts import Holds
from apps.telemetry.prices import SILENT


class StreamQuerySet(models.QuerySet):
    """Rows that only ever arrive; every question about them is bounded by time."""

    moment = "created_at"

    def newest_first(self):
        return self.order_by(f"-{self.moment}", "-id")

    def of_last(self, *, days: int = 0, hours: int = 0):
        return self.filter(**{f"{self.moment}__gte": timezone.now() - timedelta(days=days, hours=hours)})


# The skills that make something of their own, and the spellings that the log knows them by.
CREATIVE = ("brainstorm", "experiment", "community", "fact_check", "memeothy")
SPELLINGS = {spelling: target for target in CREATIVE for spelling in (target, f"aria_{target}")} | {
    "factcheck": "fact_check"
}


SCHEDULED = ("cron_execution", "heartbeat", "six_hour_review")
DESCRIBED = 300  # letters


class ActivityFilters(models.QuerySet):
    """What activities and their sums can be asked for alike."""

    def spelt(self):
        """With `spelling`: the skill in lower case and with underscores."""
        return self.annotate(spelling=Replace(Lower("skill"), Value("-"), Value("_"), output_field=models.TextField()))

    def matching(self, *, action: str = "", skill: str = "", success: bool | None = None):
        """Exact matches; an empty text asks for nothing."""
        wanted = {"action": action or None, "skill": skill or None, "success": success}
        return self.filter(**{name: value for name, value in wanted.items() if value is not None})

    def scheduled(self):
        """What the agent's clock makes it do."""
        return self.filter(action__in=SCHEDULED)

    def creative(self, *targets: str):
        """What the creative skills did, or only those of `targets`."""
        wanted = [spelling for spelling, target in SPELLINGS.items() if target in (targets or CREATIVE)]
        return self.spelt().filter(spelling__in=wanted)


class ActivityQuerySet(ActivityFilters, StreamQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    def telling(self, text: str):
        """With `text`, upper or lower case, in the action or the details; an index knows three letters in a row."""
        return self.filter(Q(Holds(F("action"), text)) | Q(Holds(Cast("details", models.TextField()), text)))

    def described(self):
        """With `description`, what the details say of themselves, and `session_text`.

        The details, which may be large, stay in the database.
        """
        words = [NullIf(KT(f"details__{name}"), Value("")) for name in ("message", "description", "args_preview")]
        description = Left(Coalesce(*words, Cast("details", models.TextField())), DESCRIBED)
        return self.annotate(description=description, session_text=KT("details__session_id")).defer("details")


STATUSES = ("active", "completed", "ended", "error")
FINAL = ("completed", "ended", "error")
STALE_MARK = "marked_stale_at"  # in the metadata of a session that the site ended, as it had not reported for long
# Events that the agent's runtime keeps as sessions; they would bury the conversations.
RUNTIME, CRON = "skill_exec", "openclaw_cron"
LATELY = 10_000  # sessions; no index knows what those are about
EVER = datetime.min.replace(tzinfo=UTC)


class SessionFilters(models.QuerySet):
    """What sessions and their sums can be asked for alike."""

    def shown(self, *, runtime_events: bool = False, cron_events: bool = False):
        hidden = [Literal(kind) for kind, wanted in ((RUNTIME, runtime_events), (CRON, cron_events)) if not wanted]
        return self.exclude(session_type__in=hidden) if hidden else self

    def matching(self, *, status: str = "", agent_id: str = "", session_type: str = "", source_channel: str = ""):
        """Exact matches; an empty text asks for nothing."""
        wanted = {"status": status, "agent_id": agent_id, "session_type": session_type, "channel": source_channel}
        return self.filter(**{name: value for name, value in wanted.items() if value})


class SessionQuerySet(SessionFilters, StreamQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    moment = "started_at"

    def active_for(self, time: timedelta):
        """And longer; the longest first."""
        return self.filter(status="active", started_at__lt=Now() - time).order_by("started_at", "id")

    def with_label(self):
        """With `label`: what the session is about, where somebody said so."""
        return self.annotate(label=Coalesce(KT("metadata__label"), KT("metadata__openclaw_session__label")))

    def with_id_like(self, text: str):
        """Whose id begins with `text`, of six hexadecimal digits at least, or that have it as OpenClaw's id."""
        digits = text.lower().replace("-", "")
        own = Q(pk=None)
        if re.fullmatch("[0-9a-f]{6,32}", digits):
            own = Q(pk__range=(UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))))
        openclaw = self.annotate(openclaw_id=KT("metadata__openclaw_session_id"))
        return openclaw.filter(own | Q(openclaw_id=text)).newest_first()

    def lately_called(self, text: str):
        """Among the newest 10,000 those whose label or agent holds `text`, the newest first."""
        oldest = Subquery(type(self)(self.model).order_by("-started_at").values("started_at")[LATELY - 1 : LATELY])
        named = Q(label__icontains=text) | Q(agent_id__icontains=text)
        late = self.shown().with_label().filter(started_at__gte=Coalesce(oldest, EVER))
        return late.filter(named).newest_first()

    def neighbours(self, session: Any) -> dict[str, Any]:
        """The agent's sessions before and after this one: `older` and `newer`, None where there is none.

        Events of the runtime and of cron are passed over, but by their like.
        """
        kind, place = session.session_type, (session.started_at, session.pk)
        beside = self.filter(agent_id=session.agent_id)
        beside = beside.shown(runtime_events=kind == RUNTIME, cron_events=kind == CRON)
        older, newer = (beside.filter(beyond("started_at", place, side)) for side in ("lt", "gt"))
        nearest = older.newest_first()[:1].union(newer.order_by("started_at", "id")[:1], all=True)
        found = sorted([*nearest, session], key=lambda one: (one.started_at, one.pk))
        here = next(number for number, one in enumerate(found) if one.pk == session.pk)
        return {"older": found[here - 1] if here else None, "newer": found[here + 1] if found[here + 1 :] else None}

    def running_during(self, since: datetime, until: datetime):
        """Those that started in that time or up to a day before it, and had not ended before it."""
        started = self.filter(started_at__gte=since - timedelta(days=1), started_at__lt=until)
        return started.filter(Q(ended_at=None) | Q(ended_at__gt=since))

    def matching(self, *, source_channel: str = "", **wanted: str):
        found = super().matching(**wanted)
        # Containment, because the index on metadata answers it.
        return found.filter(metadata__contains={"openclaw_source_channel": source_channel}) if source_channel else found

    def telling(self, text: str):
        """With `text`, upper or lower case, somewhere in the metadata; an index knows three letters in a row."""
        return self.annotate(told=Cast("metadata", models.TextField())).filter(told__icontains=text)


class UsageFilters(models.QuerySet):
    """What model calls and their sums can be asked for alike."""

    def real(self):
        """Without the calls of test suites."""
        invented = Q(model__iexact="test-model") | Q(model__iexact="test_model")
        return self.exclude(Q(provider__iexact="pytest") | invented)

    def of_source(self, source: str):
        """`skills` is what the skills themselves reported; other sources have no rows here."""
        return self if source in ("", "all", "skills") else self.none()


class UsageQuerySet(UsageFilters, StreamQuerySet):  # type: ignore[override]  # django-stubs on as_manager
    def by_session_and_model(self):
        """What the calls of each session took, with what `Prices` has to know of them."""
        groups = self.order_by().values("session", "model", "provider")
        return groups.annotate(
            calls=Count("*"),
            tokens=Sum(Cast("input_tokens", models.BigIntegerField()) + F("output_tokens")),
            cost=Sum("cost_usd"),
            silent=Count("id", filter=SILENT),
            silent_input=Coalesce(Sum("input_tokens", filter=SILENT), 0),
            silent_output=Coalesce(Sum("output_tokens", filter=SILENT), 0),
        )

    def last_errors(self):
        """(session, what its last failed call said)"""
        failed = self.filter(success=False).order_by("session", "-created_at").distinct("session")
        return failed.values_list("session", "error_message")


class InvocationQuerySet(StreamQuerySet):
    pass
