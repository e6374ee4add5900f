"""Telling of reached shares: a notice a budget, period and share, sent to the webhook until it takes it.

The body is JSON. `X-Aria-Signature` is `sha256=` and in hexadecimal the HMAC-SHA256, with ARIA_BUDGET_WEBHOOK_SECRET,
of `X-Aria-Timestamp` (seconds since 1970), a dot and the body. `X-Aria-Delivery` is the same for each try of a notice.
"""

import hashlib
import hmac
import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from apps.core.api import to_json
from apps.core.duties import stopping
from apps.core.remote import Failed, Question, ask_once
from apps.telemetry.budgets.models import Budget, BudgetLease, BudgetNotice
from apps.telemetry.budgets.spending import Status, statuses

logger = logging.getLogger(__name__)
FIRST_PAUSE = timedelta(seconds=30)  # before the second try; each further pause is twice as long
ANSWER_SECONDS = 5
MOST_A_ROUND = 20


def warn() -> None:
    """What the site does every half minute."""
    note_crossings()
    send_due()
    BudgetLease.objects.expired().delete()


def note_crossings() -> None:
    budgets = Budget.objects.with_leased().exclude(warn_at=[])
    crossed = [notice_of(status, share) for status in statuses(budgets) for share in status.reached_shares]
    BudgetNotice.objects.bulk_create(crossed, ignore_conflicts=True)


def notice_of(status: Status, share: int) -> BudgetNotice:
    notice = BudgetNotice(budget=status.budget, period_start=status.window.start, share=share)
    notice.payload = payload_of(notice, status)
    return notice


def payload_of(notice: BudgetNotice, status: Status) -> dict[str, Any]:
    budget = status.budget
    return {
        "event": "budget.share_reached",
        "id": str(notice.id),
        "at": status.now.isoformat(),
        "share_percent": notice.share,
        "budget": {name: getattr(budget, name) for name in ("name", "scope", "scope_value", "unit", "period", "hard")}
        | {"id": str(budget.pk)},
        "limit": float(status.limit),
        "spent": float(status.spent),
        "forecast": None if status.forecast is None else float(status.forecast),
        "period_start": status.window.start.isoformat(),
        "period_end": status.window.end.isoformat(),
    }


def send_due() -> None:
    """Without a webhook nothing: the notices stand on the pages, and are sent if one is configured within a day."""
    if not settings.ARIA_BUDGET_WEBHOOK_URL:
        return
    for notice in BudgetNotice.objects.due()[:MOST_A_ROUND]:
        if stopping.is_set():
            return
        if claimed(notice):
            note(notice, answer_to(notice))


def claimed(notice: BudgetNotice) -> bool:
    """Count the try before it is made: a process that dies in it, or a second one at work, shall not send at once."""
    pause = FIRST_PAUSE * 2**notice.attempts
    unchanged = BudgetNotice.objects.filter(pk=notice.pk, attempts=notice.attempts, sent_at=None)
    claim = unchanged.update(attempts=F("attempts") + 1, next_attempt_at=timezone.now() + pause)
    return bool(claim)


def answer_to(notice: BudgetNotice) -> str:
    """Empty where the webhook took it, else what is wrong."""
    body = to_json(notice.payload)
    question = Question(
        settings.ARIA_BUDGET_WEBHOOK_URL,
        seconds=ANSWER_SECONDS,
        status_only=True,
        body=body,
        headers=(("X-Aria-Delivery", str(notice.pk)), *signature(body, int(timezone.now().timestamp()))),
    )
    try:
        code = ask_once(question).code or 0
    except Failed as failure:
        return str(failure)
    return "" if 200 <= code < 300 else f"HTTP {code}"


def signature(body: bytes, timestamp: int) -> tuple[tuple[str, str], ...]:
    """The two headers by which a receiver knows who sent it, and when."""
    signed = f"{timestamp}.".encode() + body
    digest = hmac.new(settings.ARIA_BUDGET_WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    return ("X-Aria-Timestamp", str(timestamp)), ("X-Aria-Signature", f"sha256={digest}")


def note(notice: BudgetNotice, problem: str) -> None:
    notice.refresh_from_db()
    notice.last_answer = problem[:100] or "taken"
    notice.log = [*notice.log, {"at": timezone.now().isoformat(), "answer": notice.last_answer}]
    notice.sent_at = None if problem else timezone.now()
    notice.save(update_fields=["last_answer", "log", "sent_at"])
    if problem:
        logger.warning("the webhook did not take the notice %s of a budget: %s", notice.pk, problem)
