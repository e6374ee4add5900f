"""Where the agent's runtime is asked for its sessions: its gateway, else its index files."""

import logging
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from apps.core.remote import Question, ask
from apps.telemetry.openclaw import files
from apps.telemetry.openclaw.entries import entries_of, rows_of
from apps.telemetry.openclaw.store import store

logger = logging.getLogger(__name__)
GATEWAY, FILES = "openclaw_live", "openclaw_volume"
GATEWAY_SECONDS = 8


@dataclass(frozen=True)
class Found:
    sessions: list[Any] = field(default_factory=list)
    source: str = FILES
    error: str = ""


def is_configured() -> bool:
    return bool(settings.SERVICE_URLS["clawdbot"] or settings.OPENCLAW_AGENTS_DIR)


def live() -> Found:
    """What the gateway tells, or where that is nothing the files; `error` is about all that was asked in vain."""
    if not is_configured():
        return Found(error="not configured: neither CLAWDBOT_URL nor OPENCLAW_AGENTS_DIR is set")
    told, problems = ask_gateway()
    if told:
        return Found(told, GATEWAY)
    kept, broken = files.read()
    return Found(kept, FILES, "; ".join(problems + broken))


def ask_gateway() -> tuple[list[Any], list[str]]:
    address = settings.SERVICE_URLS["clawdbot"]
    if not address:
        return [], []
    question = Question(
        address.rstrip("/") + "/api/sessions",
        token=settings.CLAWDBOT_TOKEN,
        seconds=GATEWAY_SECONDS,
        fresh_seconds=5,
        largest=16_000_000,
    )
    answer = ask(question)
    # Many gateways have no such path; where there are files that is no trouble.
    if answer.ok or (answer.code == 404 and settings.OPENCLAW_AGENTS_DIR):
        return entries_of(answer.said), []
    return [], [f"gateway {answer.problem}"]


def sync() -> dict[str, Any]:
    """Take over what the runtime tells now, in the contract's words."""
    found = live()
    result = {
        "fetched": len(found.sessions),
        "synced": store(rows_of(found.sessions, found.source)),
        "source": found.source,
        "performed": True,
        "interval_seconds": settings.OPENCLAW_SESSIONS_SYNC_INTERVAL_SECONDS,
    }
    return result | ({"error": found.error} if found.error else {})


class Watch:
    """The duty: syncs, and says when that begins or ceases to go wrong."""

    problem = ""

    def __call__(self) -> None:
        problem = sync().get("error", "")
        if problem != self.problem:
            logger.warning("live sync of sessions: %s", problem or "works again")
        self.problem = problem
