"""What OpenClaw tells of a session, read generously into a row of `agent_sessions`."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.utils import timezone
from pydantic import TypeAdapter, ValidationError

from apps.core.bodies import Moment
from apps.telemetry.querysets import FINAL, STATUSES

NAMESPACE = UUID("0e6fb78b-7809-4b90-a5e4-16f39f307220")
LONGEST_ID = 200  # characters; an index on the ids bounds them
LONGEST = 500
MOMENT: TypeAdapter[datetime] = TypeAdapter(Moment)
# What the part of a key says of its session, the first that fits.
TYPES = (
    (":cron:", "openclaw_cron"),
    (":subagent:", "openclaw_subagent"),
    (":run:", "openclaw_run"),
)
HEARTBEAT = "openclaw_heartbeat"


def entries_of(said: Any) -> list[Any]:
    """A list, or an object with one under `sessions`; anything else tells nothing."""
    if isinstance(said, dict):
        said = said.get("sessions")
    return said if isinstance(said, list) else []


def rows_of(entries: Iterable[Any], source: str) -> list[dict[str, Any]]:
    """Rows as `store` takes them. Entries without a usable id are left out; of two of one session the last counts."""
    now = timezone.now()
    rows = [row_of(entry, source, now) for entry in entries if isinstance(entry, dict) and session_id_of(entry)]
    return list({row["id"]: row for row in rows}.values())


def row_of(entry: dict[str, Any], source: str, now: datetime) -> dict[str, Any]:
    key, told = source_key_of(entry), told_by(entry)
    unkeyed = uuid5(NAMESPACE, f"openclaw:{told['id']}")
    status = told["status"]
    return {
        "id": uuid5(NAMESPACE, f"openclaw_key:{key}") if key else unkeyed,
        "unkeyed_id": unkeyed,
        "agent_id": (told["agentId"] or "main")[:100],
        "session_type": (told["type"] or "openclaw")[:50],
        "started_at": told["createdAt"] or told["updatedAt"] or told["endedAt"] or now,
        "ended_at": (told["endedAt"] or told["updatedAt"] or now) if status in FINAL else None,
        "status": status,
        "metadata": {
            "source": source,
            "openclaw_session_id": told["id"],
            "openclaw_source_key": key,
            "openclaw_source_channel": told["channel"],
            "openclaw_session": told,
            "synced_at": now,
        },
    }


def told_by(entry: dict[str, Any]) -> dict[str, Any]:
    """The contract's `openclaw_session`; null is what the entry leaves open."""
    ended, size = moment(entry, "endedAt", "ended_at"), entry.get("contextTokens")
    status = (text(entry, "status") or "").lower()
    return {
        "id": session_id_of(entry),
        "agentId": text(entry, "agentId", "agent_id", "agent", "name"),
        "status": status if status in STATUSES else "completed" if ended else "active",
        "type": text(entry, "session_type", "sessionType", "type") or type_of(entry),
        "createdAt": moment(entry, "createdAt", "created_at", "startedAt", "started_at"),
        "updatedAt": moment(entry, "updatedAt", "updated_at"),
        "endedAt": ended,
        "label": label_of(entry),
        "channel": channel_of(entry),
        "model": text(entry, "model"),
        "contextTokens": size if isinstance(size, int) else None,
    }


def session_id_of(entry: dict[str, Any]) -> str | None:
    session_id = text(entry, "id", "session_id", "sessionId")
    return session_id if session_id and len(session_id) <= LONGEST_ID else None


def source_key_of(entry: dict[str, Any]) -> str | None:
    return text(entry, "source_key", "sourceKey", "key", "sessionKey")


def type_of(entry: dict[str, Any]) -> str | None:
    """By its key; None where it has no key and is no heartbeat."""
    delivery, origin = part(entry, "deliveryContext"), part(entry, "origin")
    if "heartbeat" in (text(entry, "label"), text(origin, "provider"), text(delivery, "to")):
        return HEARTBEAT
    if not (key := source_key_of(entry)):
        return None
    by_part = next((kind for mark, kind in TYPES if mark in key), None)
    return by_part or ("openclaw_main" if key.endswith(":main") else "openclaw")


def label_of(entry: dict[str, Any]) -> str | None:
    return (
        text(entry, "label")
        or text(part(entry, "origin"), "label")
        or text(part(entry, "deliveryContext"), "to")
        or text(entry, "lastTo")
    )


def channel_of(entry: dict[str, Any]) -> str | None:
    """Where the agent is spoken to, in lower case."""
    told = (
        text(part(entry, "deliveryContext"), "channel")
        or text(entry, "lastChannel", "channel")
        or text(part(entry, "origin"), "provider")
    )
    by_key = (source_key_of(entry) or "agent").split(":")[0]
    channel = told or (by_key if by_key != "agent" else None)
    return channel.lower() if channel else None


def part(entry: dict[str, Any], name: str) -> dict[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def text(entry: dict[str, Any], *names: str) -> str | None:
    """The first of these that is a text or a number, as a text that a column can hold."""
    for name in names:
        value = entry.get(name)
        if (
            isinstance(value, (str, int))
            and not isinstance(value, bool)
            and (clean := str(value).replace("\0", "").strip()[:LONGEST])
        ):
            return clean
    return None


def moment(entry: dict[str, Any], *names: str) -> datetime | None:
    """The first of these that is a time: ISO 8601, or seconds or milliseconds since 1970."""
    for name in names:
        try:
            if entry.get(name):
                return MOMENT.validate_python(entry[name])
        except ValidationError:
            continue
    return None
