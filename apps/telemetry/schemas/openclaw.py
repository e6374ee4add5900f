from typing import Annotated, Any

from ninja import Field, Schema

Entries = Annotated[Any, Field(examples=[[{"sessionId": "0b1c2d3e", "key": "agent:main:main", "agentId": "main"}]])]


class LiveSessions(Schema):
    sessions: list[Any] = Field(description="As the source tells them.")
    count: int
    source: str = Field(description="`openclaw_live`: the gateway. `openclaw_volume`: the session files.")
    error: str | None = Field(None, description="What is not configured or was asked in vain.")


class Synced(Schema):
    fetched: int
    synced: int
    source: str
    performed: bool
    interval_seconds: int = Field(description="How often the site does this by itself; 0: never.")
    error: str | None = Field(None, description="What is not configured or was asked in vain.")


class Imported(Schema):
    fetched: int
    synced: int
    source: str
