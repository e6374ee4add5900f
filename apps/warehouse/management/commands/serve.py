import http.client
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import connections

from apps.warehouse.management.commands import up

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.2
END_SECONDS = 5  # then a request that hangs is cut off
STEADY_SECONDS = 60  # a server that ran that long is started again at once
LONGEST_WAIT = 30


class Command(up.Command):
    help = (
        "Start the site for production: HTTP on worker processes, WebSockets on the next port. "
        "HUP replaces the workers one by one, without a failed request; Ctrl-C stops it all."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        host, threads = settings.ARIA_HOST, [settings.ARIA_WORKERS, settings.ARIA_THREADS]
        self.http = ServerProcess("HTTP server", ["http", host, settings.ARIA_PORT, *threads])
        self.sockets = ServerProcess("WebSocket server", ["sockets", host, settings.ARIA_WS_PORT])
        self.has_terminal = os.isatty(0)
        super().handle()

    def check_port(self) -> None:
        super().check_port()
        up.check_address(settings.ARIA_HOST, settings.ARIA_WS_PORT, "ARIA_WS_PORT")

    def heed_signals(self) -> None:
        super().heed_signals()
        signal.signal(signal.SIGHUP, self.hang_up)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.http.process is None:
            sys.exit(128 + number)
        self.asked_to_stop = True

    def hang_up(self, number: int, frame: FrameType | None) -> None:
        """A restart is asked for, unless this was the terminal's last word."""
        if self.has_terminal and not os.isatty(0):
            self.interrupt(signal.SIGTERM, frame)
        elif self.http.process is not None:
            self.http.process.send_signal(signal.SIGHUP)
            self.sockets.restart()

    def serve(self, credentials: str | None) -> None:
        connections.close_all()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = empty_folder("metrics")  # where the workers add up their figures
        servers, ports = [self.http, self.sockets], [settings.ARIA_PORT, settings.ARIA_WS_PORT]
        introduced = False
        while not self.asked_to_stop:
            for server in servers:
                server.look_after()
            if not introduced and all(server.runs for server in servers) and all(map(answers, ports)):
                self.introduce(credentials)
                introduced = True
            time.sleep(LOOK_SECONDS)
        for server in servers:
            server.ask_to_end()
        deadline = time.monotonic() + END_SECONDS
        for server in servers:
            server.end(deadline)


@dataclass
class ServerProcess:
    """A server in a process group of its own, out of reach of Ctrl-C, which is started again whenever it ends."""

    name: str
    arguments: list[Any]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    next_start: float = 0
    wait: float = 0
    asked: bool = field(default=False)

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def look_after(self) -> None:
        """Start it if it is time to; each start that soon fails doubles the wait for the next."""
        now = time.monotonic()
        if self.process and not self.runs:
            steady = self.asked or now - self.started > STEADY_SECONDS
            self.wait = 0 if steady else min(self.wait * 2 or 1, LONGEST_WAIT)
            if not self.asked:
                logger.error("%s ended (%s); starting it again in %s s", self.name, self.process.returncode, self.wait)
            self.process, self.next_start = None, now + self.wait
        if self.process is None and now >= self.next_start:
            self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "aria_site.serving", *map(str, self.arguments)]
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, start_new_session=True)
        self.started, self.asked = time.monotonic(), False

    def restart(self) -> None:
        if self.runs:
            self.ask_to_end()

    def ask_to_end(self) -> None:
        self.asked = True
        if self.process:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for it until `deadline`, then end it and its workers."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def empty_folder(name: str) -> str:
    folder = settings.ARIA_DATA_DIR / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return str(folder)


def answers(port: int) -> bool:
    """Whether somebody speaks HTTP there, whatever the answer."""
    host = settings.ARIA_HOST if settings.ARIA_HOST not in ("0.0.0.0", "::") else "localhost"
    try:
        connection = http.client.HTTPConnection(host, port, timeout=LOOK_SECONDS * 10)
        connection.request("HEAD", "/api/health")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    return True
