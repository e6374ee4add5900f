"""As much of a WebSocket as an open page needs: the handshake, what the site says, and the answers to its pings."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

PING, PONG, TEXT = 0x9, 0xA, 0x1


async def messages(origin: str, site: str, cookie: str) -> AsyncIterator[dict[str, Any]]:
    """What the socket of an open page hears, and an empty message when it is open.

    `origin` is that of the sockets, `site` that of the page.

    Raises: OSError, EOFError when it ends
    """
    address = urlsplit(origin)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(handshake(address.netloc, site, cookie))
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer.split(b"\r\n")[0]:
            raise ConnectionError(f"{origin} opens no socket: {answer[:60]!r}")
        yield {}
        while True:
            kind, content = await frame(reader)
            if kind == PING:
                writer.write(masked(PONG, content))
            elif kind == TEXT:
                yield json.loads(content)
    finally:
        writer.close()


def handshake(host: str, site: str, cookie: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        *("GET /ws/live/ HTTP/1.1", f"Host: {host}", f"Origin: {site}", f"Cookie: {cookie}", "Connection: Upgrade"),
        *("Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "", ""),
    )
    return "\r\n".join(lines).encode()


async def frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """(opcode, content); a server's frames are not masked, and the site's are whole."""
    head, size = await reader.readexactly(2)
    if size in (126, 127):
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8))
    return head & 0x0F, await reader.readexactly(size)


def masked(kind: int, content: bytes) -> bytes:
    """A short frame of a client."""
    mask = os.urandom(4)
    return bytes([0x80 | kind, 0x80 | len(content)]) + mask + bytes(c ^ mask[n % 4] for n, c in enumerate(content))
