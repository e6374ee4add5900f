"""How much one caller may ask of this process: a bucket of requests that fills again steadily, no database."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from django.conf import settings
from django.http import HttpRequest

MINUTE = 60.0
REMEMBERED = 10_000  # callers; one that so many others came after begins anew


class TooManyRequests(Exception):
    """`reason` is a word for programs; `wait` is in seconds."""

    def __init__(self, reason: str, wait: int) -> None:
        super().__init__(f"Rate limit exceeded: {reason}")
        self.wait = wait


@dataclass(frozen=True)
class Budget:
    """What a caller has left: requests, and seconds until it has all of them again. `wait`: seconds until the next."""

    limit: int
    remaining: int
    reset: int
    wait: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
        }


class Buckets:
    """One for each caller. A bucket is the moment at which it will be full again; a full one need not be kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.full_at: OrderedDict[str, float] = OrderedDict()
        self.lock = Lock()

    def spend(self, caller: str, per_minute: int) -> Budget:
        """Take one request, unless the bucket is empty: then `wait` is more than 0, and nothing is taken."""
        one = MINUTE / per_minute
        with self.lock:
            now = self.clock()
            full_at = max(self.full_at.pop(caller, now), now)
            wait = full_at + one - now - MINUTE
            if spent := wait < one / 1000:  # sums of fractions are not exact
                full_at += one
            self.full_at[caller] = full_at
            if len(self.full_at) > REMEMBERED:
                self.full_at.popitem(last=False)
        left = MINUTE - (full_at - now)
        return Budget(per_minute, int(left / one + 0.001), math.ceil(full_at - now), 0 if spent else math.ceil(wait))


requests_of_tokens = Buckets()
wrong_tokens = Buckets()
WRONG_TOKENS = 60  # a minute from one address; more is no mistake, but guessing


def spend_request(request: HttpRequest, token: str) -> None:
    """Raises:
    TooManyRequests: the token has used up what it may ask.
    """
    if settings.ARIA_RATE_LIMIT <= 0:
        return
    budget = requests_of_tokens.spend(token, settings.ARIA_RATE_LIMIT)
    request.budget = budget  # type: ignore[attr-defined]  # for the headers of the answer
    if budget.wait:
        raise TooManyRequests("rpm_exceeded", budget.wait)


def note_wrong_token(request: HttpRequest) -> None:
    """Good tokens of the same address are not touched by it.

    Raises:
        TooManyRequests: the address has guessed too often.
    """
    budget = wrong_tokens.spend(address_of(request), WRONG_TOKENS)
    if budget.wait:
        raise TooManyRequests("wrong_tokens", budget.wait)


def address_of(request: HttpRequest) -> str:
    """The peer's; behind ARIA_PROXIES proxies the one that the outermost of them saw: what stands before it in
    X-Forwarded-For is the caller's own invention."""
    seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    seen.append(request.META.get("REMOTE_ADDR") or "")
    return seen[max(-1 - settings.ARIA_PROXIES, -len(seen))][:64]
