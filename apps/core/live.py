"""Live pages: PostgreSQL's NOTIFY carries the name of what has changed to every open browser.

Triggers send the notices (see `triggers.announce`), so every writer is covered; one LISTEN connection
a process feeds its channel layer; the browser re-fetches what names the topic. Only names travel, so
rights and rendering stay with the ordinary views.

NOTIFY makes transactions commit one after the other: 16 connections that add telemetry row by row came to a
quarter of their speed with it. So no trigger tells of the tables whose rows come by the second. The listener looks
several times a second for the notes that the triggers of their sums leave anyway (see `rollups`), and is told of those
that are crossed out (see `rolling_up`).
"""

import asyncio
import logging
import time
from typing import Any

import psycopg
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import connection

from apps.core.metrics import SOCKETS
from apps.core.triggers import ADDED, STREAM, SUMMED

logger = logging.getLogger(__name__)
GROUP = "live"
# At the least between two messages of a stream; with the looks between, it makes 0.4 to 0.6, and a busy site has time
# left to pass it on within the second.
REST_SECONDS = 0.4
LOOK_SECONDS = 0.2
# Rows that are added or taken change it, in whichever order their transactions end.
NOTES = f"SELECT replace(sums, '{ADDED}', ''), count(*), sum(id) FROM site_stale_hour GROUP BY 1"
Notes = dict[str, tuple[Any, ...]]

listener: asyncio.Task[None] | None = None
streams: dict[str, str] = {}  # topics, by the table of the sums whose notes tell of them


class LiveConsumer(AsyncJsonWebsocketConsumer):
    groups = [GROUP]
    is_open = False

    async def connect(self) -> None:
        if not self.scope["user"].is_authenticated:
            await self.close()
            return
        listen_once()
        await self.accept()
        self.is_open = True
        SOCKETS.inc()

    async def disconnect(self, code: int) -> None:
        if self.is_open:
            SOCKETS.dec()

    async def live_changed(self, event: dict[str, Any]) -> None:
        await self.send_json({"topics": event["topics"]})

    async def live_resumed(self, event: dict[str, Any]) -> None:
        """Notices may have been missed: the browser fetches everything that is live."""
        await self.send_json({"resumed": True})


def listen_once() -> None:
    """Start this process's listener, unless it runs."""
    global listener
    if listener is None or listener.done():
        listener = asyncio.get_running_loop().create_task(listen())


async def listen() -> None:
    """Pass notices on for ever; a lost connection is made anew, and the browsers are told to catch up."""
    layer = get_channel_layer()
    lost = False
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(**connection_arguments()) as server:
                await server.execute("LISTEN aria_live")
                notes = await notes_of(server)
                # Browsers connect a moment before this process listens, at its start as after a loss.
                await layer.group_send(GROUP, {"type": "live.resumed"})
                if lost:
                    logger.info("listening again")
                lost = False
                await pass_on(server, Messages(layer), notes)
        except (psycopg.Error, OSError) as error:
            if not lost:
                logger.warning("lost the database while listening (%s); trying again", error)
            lost = True
            await asyncio.sleep(0.5)


async def pass_on(server: psycopg.AsyncConnection[Any], messages: "Messages", notes: Notes) -> None:
    look_seconds = LOOK_SECONDS
    while True:
        async for notice in server.notifies(timeout=look_seconds):
            await messages.take(notice.payload)
        began, before = time.monotonic(), notes
        notes = await notes_of(server)  # raises where the connection has silently died
        look_seconds = max(LOOK_SECONDS, 3 * (time.monotonic() - began))
        for sums, topic in streams.items():
            if notes.get(sums) != before.get(sums):
                messages.waiting.add(topic)
        await messages.send_due()


async def notes_of(server: psycopg.AsyncConnection[Any]) -> Notes:
    found = await server.execute(NOTES)
    return {sums: (count, total) async for sums, count, total in found}


class Messages:
    """To the browsers: each topic at once, but those of streams not again before they have rested."""

    def __init__(self, layer: Any) -> None:
        self.layer = layer
        self.waiting: set[str] = set()
        self.sent: dict[str, float] = {}

    async def take(self, payload: str) -> None:
        if payload.startswith(STREAM):
            self.waiting.add(payload.removeprefix(STREAM))
            await self.send_due()
        elif payload.startswith(SUMMED):
            if topic := streams.get(payload.removeprefix(SUMMED)):
                self.waiting.add(topic)
                await self.send_due()
        else:
            await self.send([payload])

    async def send_due(self) -> None:
        now = time.monotonic()
        due = [topic for topic in self.waiting if now - self.sent.get(topic, 0) >= REST_SECONDS]
        if due:
            self.waiting.difference_update(due)
            self.sent |= dict.fromkeys(due, now)
            await self.send(due)

    async def send(self, topics: list[str]) -> None:
        """In one message: each of them takes time with every open page."""
        await self.layer.group_send(GROUP, {"type": "live.changed", "topics": topics})


def connection_arguments() -> dict[str, Any]:
    """Django's own, without the pool: the listener keeps its connection for itself."""
    arguments = connection.get_connection_params()
    names = {"dbname", "user", "password", "host", "port"} | {name for name in arguments if name.startswith("ssl")}
    return {name: arguments[name] for name in names if arguments.get(name)} | {
        "autocommit": True,
        "application_name": "aria-site live",
        "connect_timeout": 5,
    }
