"""A process of skills that reports telemetry until it is killed, again and again: `python -m tests.skills.writer`.

It reads lines, and for each one forks a writer. Whatever the client has acknowledged stands on standard output.
"""

import asyncio
import os
import sys
from itertools import count
from pathlib import Path

from skills.api_client import AriaAPIClient, breaker, sender, transport

PAUSE = 0.005  # seconds; the outbox of a site that is mostly away would soon be full


def tell(*words):
    os.write(1, " ".join(words).encode() + b"\n")


async def write(url, token, folder):
    async with AriaAPIClient(url, token, data_dir=Path(folder), timeout=0.2) as api:
        session = await api.create_session(agent_id=f"writer {os.getpid()}")
        for number in count():
            await asyncio.sleep(PAUSE)
            mark = f"{os.getpid()}-{number}"
            if (await api.record_invocation("soak", mark)).success:
                tell("invocation", mark)
            if (await api.create_thought(mark)).success:
                tell("thought", mark)
            if session.success and (await api.update_session(session.data["id"], messages_count=number)).success:
                tell("session", session.data["id"], str(number))


def main(url, token, folder):
    transport.BACKOFF, sender.GATHER, sender.SHORTEST, sender.LONGEST, breaker.REST = 0.01, 0.01, 0.02, 0.1, 0.1
    for _ in sys.stdin:
        child = os.fork()
        if not child:
            sys.stderr.close()
            asyncio.run(write(url, token, folder))
        tell("pid", str(child))
        os.waitpid(child, 0)
        tell("gone")


if __name__ == "__main__":
    main(*sys.argv[1:])
