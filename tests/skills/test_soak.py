"""Skills that are killed, over a network and to a site that fail in every way, again and again.

The suite runs a few cycles; `SOAK_CYCLES=1000 make test ARGS=tests/skills/test_soak.py` runs as many as you like.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from apps.memory.models import Thought
from apps.telemetry.models import AgentSession, SkillInvocation
from tests.factories import make_token
from tests.servers import wait_until
from tests.skills.faults import FAULTS

CYCLES = int(os.environ.get("SOAK_CYCLES", "8"))
RESTARTS = 8  # cycles for each kill of the site itself
ROOT = Path(__file__).parents[2]


class Writers:
    """The writers, one after the other, and what was acknowledged to any of them."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "tests.skills.writer", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, bufsize=1)
        self.told, self.sessions = {"thought": [], "invocation": []}, {}

    def live_for(self, seconds, after):
        """Killed so long after it has acknowledged an `after`, or after its birth ("pid")."""
        self.process.stdin.write("\n")
        writer = int(self.read_until("pid")[0])
        if after != "pid":
            self.read_until(after)
        time.sleep(seconds)
        os.kill(writer, signal.SIGKILL)
        self.read_until("gone")

    def read_until(self, word):
        for line in self.process.stdout:
            kind, *rest = line.split()
            if kind == "session":
                self.sessions[rest[0]] = int(rest[1])
            elif kind in self.told:
                self.told[kind].append(rest[0])
            if kind == word:
                return rest
        raise AssertionError("the writers ended")

    def end(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def kill_and_restart(site):
    site.process.kill()
    site.process.wait()
    site.start()


@pytest.mark.django_db(transaction=True)
def test_nothing_acknowledged_is_lost_or_doubled(site, proxy, connect, tmp_path):
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    writers = Writers(f"{proxy.url}/api", make_token(), str(tmp_path / "host"))
    for cycle in range(CYCLES):
        # Mostly faults in one cycle, a healthy site with a few in the next, and sometimes nothing but one fault.
        faults = [*FAULTS, *[""] * chance.choice([0, 5, 50])]
        proxy.faults = chance.choices(faults, k=500) if chance.random() < 0.8 else [chance.choice(FAULTS)] * 500
        writers.live_for(chance.uniform(0, 0.3), after=chance.choice(["pid", "invocation", "thought", "session"]))
        if cycle % RESTARTS == RESTARTS - 1:
            kill_and_restart(site)
            print(f"{cycle + 1} cycles, {[len(told) for told in writers.told.values()]} acknowledged, seed {seed}")
    writers.end()

    proxy.faults = []
    client = connect(site.url)
    wait_until(lambda: client.flush() == "", 60)
    summary = client.outbox.summary()
    assert (summary["waiting"], summary["refused"], summary["ever"]) == ({}, [], {}), seed
    for kind, model, column in (("thought", Thought, "content"), ("invocation", SkillInvocation, "tool_name")):
        rows = Counter(model.objects.values_list(column, flat=True))
        assert set(writers.told[kind]) <= set(rows), (kind, seed)
        assert max(rows.values(), default=1) == 1, (kind, seed)
    known = {str(key): count for key, count in AgentSession.objects.values_list("id", "messages_count")}
    assert all(known[key] >= count for key, count in writers.sessions.items()), seed
