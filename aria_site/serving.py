"""The two servers of the production layout: `python -m aria_site.serving http` and `... sockets`.

HTTP goes to granian's worker processes, whose threads suit Django best; what stays open is daphne's. Nothing here
imports Django, so that the workers granian starts anew after a HUP load the code as it is then.
"""

import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.net import SocketHolder
from granian.server.mp import MPServer, WorkerProcess

LOOK_SECONDS = 1
DRAIN_SECONDS = 0.3
LOAD_SECONDS = 5  # what a new worker gets to load before the old one stops; meanwhile nobody waits
RESTART_SECONDS = 60  # how long a worker that is being replaced may take for the requests it has begun


class HttpServer(MPServer):
    def _init_shared_socket(self) -> None:
        """One listening socket for all workers, as granian has it on other systems than Linux.

        With a socket a worker, the connections that wait in the queue of a worker would be lost with it.
        """
        super()._init_shared_socket()
        if self._ssp is not None:
            self._shd, self._ssp = self._ssp.build(), None

    def _spawn_worker(self, *args: Any, **options: Any) -> WorkerProcess:
        """Before a worker ends it stops accepting: a connection whose first bytes are still to come would be lost."""
        worker = super()._spawn_worker(*args, **options)
        end = worker.terminate

        def terminate() -> None:
            if worker.is_alive():
                os.kill(worker.inner.pid, signal.SIGUSR1)
                time.sleep(DRAIN_SECONDS)
            end()

        worker.terminate = terminate  # type: ignore[method-assign]
        return worker

    def load_application(self) -> Callable[..., Any]:
        """In the worker's process."""
        listening = cast(SocketHolder, self._shd).get_fd()
        signal.signal(signal.SIGUSR1, lambda *_: deafen(listening))
        if granian := multiprocessing.parent_process():
            end_with(granian.is_alive)
        os.environ.setdefault("ARIA_DB_POOL", "0")  # these threads are few, and live long
        from aria_site.wsgi import application

        return application


def deafen(listening: int) -> None:
    """Put a socket that nobody knows in the place of the one that other workers listen to as well."""
    with socket.create_server(("127.0.0.1", 0)) as unknown:
        unknown.setblocking(False)
        os.dup2(unknown.fileno(), listening)


def serve_http(host: str, port: int, workers: int, threads: int) -> None:
    server = HttpServer(
        target="aria_site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,  # where it first had to find out, a restart would cut off connections that just arrive
        workers=workers,
        blocking_threads=threads,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=LOAD_SECONDS,
        workers_kill_timeout=RESTART_SECONDS,
        log_level=LogLevels.error,
    )
    server.serve(target_loader=server.load_application, wrap_loader=False)


def serve_sockets(host: str, port: int) -> None:
    from daphne.cli import CommandLineInterface  # twisted is nothing for the other server

    CommandLineInterface().run(["-b", host, "-p", str(port), "-v", "0", "aria_site.asgi:application"])


def end_with(parent_lives: Callable[[], bool]) -> None:
    """Nobody is left behind to keep the port when a parent is killed."""

    def watch() -> None:
        while parent_lives():
            time.sleep(LOOK_SECONDS)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    parent = os.getppid()
    end_with(lambda: os.getppid() == parent)
    kind, host, *numbers = sys.argv[1:]
    servers: dict[str, Callable[..., None]] = {"http": serve_http, "sockets": serve_sockets}
    servers[kind](host, *map(int, numbers))
