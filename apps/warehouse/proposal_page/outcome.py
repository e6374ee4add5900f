"""Did it help? The calls of the skill that a proposal touched, before and after it was implemented."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from apps.core.figures import Figure, dollars, milliseconds, share, whole
from apps.core.models import Change
from apps.core.ranges import EARLIEST, TimeRange
from apps.core.templatetags.display import span
from apps.improvement.models import ImprovementProposal
from apps.telemetry.prices import Prices
from apps.telemetry.skill_calls import SkillCalls

SHORTEST, LONGEST = timedelta(hours=24), timedelta(days=30)
LEAST_CALLS = 20  # on either side
MOST_UNPRICED = 0.5  # of the tokens, for a cost to be told


@dataclass(frozen=True)
class Outcome:
    """Equal spans on both sides of `at`, which is when it was approved where nobody knows better."""

    skill: str
    at: datetime
    is_exact: bool
    length: timedelta
    before: SkillCalls
    after: SkillCalls

    @property
    def span(self) -> str:
        return span(self.length.total_seconds())

    @property
    def too_early(self) -> str:
        """Why nothing can be said yet; empty where it can."""
        if self.length < SHORTEST:
            return f"It was implemented {self.span} ago; {span(SHORTEST.total_seconds())} are the least to compare."
        calls = {"before": self.before.outcomes.calls, "since": self.after.outcomes.calls}
        few = [f"{count:,} {word}" for word, count in calls.items() if count < LEAST_CALLS]
        return f"Too few calls of the skill: {' and '.join(few)}, of {LEAST_CALLS} that it takes." if few else ""

    @property
    def verdict(self) -> str:
        """What the failures say beyond chance."""
        (low, high), (low_before, high_before) = self.after.outcomes.bounds, self.before.outcomes.bounds
        if low > high_before:
            return "Fewer calls fail than before, by more than chance."
        if high < low_before:
            return "More calls fail than before, by more than chance: think of taking the change back."
        return "Whether more or fewer calls fail than before cannot be told yet: the difference may be chance."

    def figures(self) -> Sequence[Figure]:
        now, then, prices = self.after, self.before, Prices()
        return [
            Figure("Calls", now.outcomes.calls, then.outcomes.calls, whole),
            Figure("Failure rate", failure_rate(now), failure_rate(then), share),
            Figure("p95 of the duration", now.all_times.p95, then.all_times.p95, milliseconds),
            Figure("Tokens a call", tokens(now), tokens(then), whole),
            Figure("Least cost of 1,000 calls", cost(now, prices), cost(then, prices), dollars),
        ]


def outcome(proposal: ImprovementProposal, skill: str, history: Sequence[Change]) -> Outcome | None:
    """None where it is not implemented, or touched no skill."""
    if proposal.status != "implemented" or not skill:
        return None
    known = implemented_at(history)
    at = known or proposal.reviewed_at
    now = timezone.now()
    if at is None or not EARLIEST <= at <= now:
        return None
    length = min(now - at, LONGEST)
    before, after = TimeRange("own", at - length, at), TimeRange("own", at, at + length)
    return Outcome(skill, at, known is not None, length, SkillCalls(before, skill), SkillCalls(after, skill))


def implemented_at(history: Sequence[Change]) -> datetime | None:
    changes = (change for change in history if (change.after or {}).get("status") == "implemented")
    return next((change.changed_at for change in changes if change.operation == "update"), None)


def failure_rate(calls: SkillCalls) -> float | None:
    return calls.outcomes.failed / calls.outcomes.calls if calls.outcomes.calls else None


def tokens(calls: SkillCalls) -> float | None:
    return sum(row["tokens"] for row in calls.rows) / calls.outcomes.calls if calls.outcomes.calls else None


def cost(calls: SkillCalls, prices: Prices) -> Decimal | None:
    """In USD of a thousand calls, all their tokens taken for input, the cheaper kind: skills report no costs.

    None where the prices of most tokens are not known.
    """
    used = [(row["tokens"], row["model_used"]) for row in calls.rows if row["tokens"] > 0]
    if not calls.outcomes.calls:
        return None
    priced = [(amount, prices.of(model or "", None)) for amount, model in used]
    known = [(amount, price) for amount, price in priced if price]
    if used and sum(amount for amount, _ in known) < MOST_UNPRICED * sum(amount for amount, _ in used):
        return None
    return sum((price.of(amount, 0) for amount, price in known), Decimal(0)) * 1000 / calls.outcomes.calls
