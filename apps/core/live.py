"""Live pages: PostgreSQL's NOTIFY carries the name of what has changed to every open browser.

Triggers send the notices (see `triggers.announce`), so every writer is covered; one LISTEN connection
a process feeds its channel layer; the browser re-fetches what names the topic. Only names travel, so
rights and rendering stay with the ordinary views.
"""

import asyncio
import logging
from typing import Any

import psycopg
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from channels.layers import get_channel_layer
from django.db import connection

from apps.core.metrics import SOCKETS

logger = logging.getLogger(__name__)
GROUP = "live"
QUIET_SECONDS = 30  # how long a dead listener connection may go unnoticed
listener: asyncio.Task[None] | None = None


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
        await self.send_json({"topic": event["topic"]})

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
                # Browsers connect a moment before this process listens, at its start as after a loss.
                await layer.group_send(GROUP, {"type": "live.resumed"})
                if lost:
                    logger.info("listening again")
                lost = False
                await pass_on(server, layer)
        except (psycopg.Error, OSError) as error:
            if not lost:
                logger.warning("lost the database while listening (%s); trying again", error)
            lost = True
            await asyncio.sleep(0.5)


async def pass_on(server: psycopg.AsyncConnection[Any], layer: Any) -> None:
    while True:
        async for notice in server.notifies(timeout=QUIET_SECONDS):
            await layer.group_send(GROUP, {"type": "live.changed", "topic": notice.payload})
        await server.execute("SELECT 1")  # raises where the connection has silently died


def connection_arguments() -> dict[str, Any]:
    """Django's own, without the pool: the listener keeps its connection for itself."""
    arguments = connection.get_connection_params()
    names = {"dbname", "user", "password", "host", "port"} | {name for name in arguments if name.startswith("ssl")}
    return {name: arguments[name] for name in names if arguments.get(name)} | {
        "autocommit": True,
        "application_name": "aria-site live",
        "connect_timeout": 5,
    }
