import asyncio
import fcntl
import logging
import os
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import WebRequest
from daphne.server import Server
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, ProgrammingError, connections
from django.db.migrations.exceptions import MigrationSchemaMissing
from psycopg.errors import InsufficientPrivilege
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from apps.core import duties
from apps.core.actors import Actor
from apps.core.first_start import CREDENTIALS, welcome
from apps.core.static_files import collect_if_changed
from apps.skillset.manifests import NoSkills
from apps.skillset.sync import sync_skills
from apps.warehouse.adoption import alone, first_line, refuse_unadopted
from aria_site import database

logger = logging.getLogger(__name__)
LOOK_SECONDS = 1  # how long a dead PostgreSQL may go unnoticed
GRACE_SECONDS = 2


class Command(BaseCommand):
    help = "Start the site: database, tables, first credentials, static files, then the server (Ctrl-C stops it all)."
    asked_to_stop = False

    def handle(self, *args: Any, **options: Any) -> None:
        self.heed_signals()
        self.claim_data_folder()
        self.check_port()
        credentials = self.prepare_database()
        if collect_if_changed():
            self.stdout.write("Static files collected.")
        if database.is_embedded():
            threading.Thread(target=keep_alive, args=(database.embedded(),), daemon=True).start()
        self.serve(credentials)
        end()

    def heed_signals(self) -> None:
        """Ctrl-C and SIGTERM, unless the caller has them ignored; Twisted's own handlers would come too late."""
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self.interrupt)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True
        if not reactor.running:
            sys.exit(128 + number)  # may get lost: in a destructor, or while Twisted starts
        reactor.callFromThread(self.server.stop)

    def claim_data_folder(self) -> None:
        """One site a data folder; the kernel forgets the claim of a process that was killed."""
        path = settings.ARIA_DATA_DIR / "site.lock"
        lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = path.read_text().strip()
            raise CommandError(
                f"A site already runs on {settings.ARIA_DATA_DIR} (process {owner}); "
                "stop it first, or choose another folder with ARIA_DATA_DIR."
            ) from None
        os.ftruncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())

    def check_port(self) -> None:
        check_address(settings.ARIA_HOST, settings.ARIA_PORT, "ARIA_PORT")

    def prepare_database(self) -> str | None:
        """Bring the tables up to date, and make the first credentials unless there are some."""
        try:
            with alone():
                refuse_unadopted()
                call_command("migrate", verbosity=0)
                self.prepare_skill_graph()
                return welcome()
        except (MigrationSchemaMissing, ProgrammingError) as error:
            if isinstance(error, ProgrammingError) and not isinstance(error.__cause__, InsufficientPrivilege):
                raise
            raise CommandError(
                "The database role may not create or change the site's tables; "
                "let it own them, and have the right CREATE on the schema public."
            ) from error

    def prepare_skill_graph(self) -> None:
        """Whatever state the manifests are in, the site starts."""
        try:
            problems = sync_skills(Actor("command", "up"), Path(settings.ARIA_SKILLS_DIR)).problems
        except (NoSkills, DatabaseError) as error:
            self.stderr.write(self.style.WARNING(f"The graph of skills stays as it was: {first_line(error)}"))
            return
        if problems:
            others = f" (and {len(problems) - 1} more; 'manage.py sync_skills' tells all)" if len(problems) > 1 else ""
            self.stderr.write(self.style.WARNING(f"{problems[0].file}: {problems[0].reason}{others}"))

    def serve(self, credentials: str | None) -> None:
        from aria_site.asgi import application

        connections.close_all()
        logging.getLogger("daphne.server").setLevel(logging.ERROR)
        self.server = SiteServer(
            application=application,
            endpoints=build_endpoint_description_strings(host=settings.ARIA_HOST, port=settings.ARIA_PORT),
            signal_handlers=False,
            server_name="aria-site",
            proxy_forwarded_address_header=None,  # Daphne would take the caller's own word; see limits.address_of
            proxy_forwarded_proto_header=None,
        )
        reactor.callWhenRunning(self.begin, credentials)
        self.server.run()
        if self.server.abort_start:
            raise CommandError("The server could not listen; the line above says why.")

    def begin(self, credentials: str | None) -> None:
        if self.asked_to_stop:
            self.server.stop()
        else:
            self.introduce(credentials)

    def introduce(self, credentials: str | None) -> None:
        """Said when the site answers, not before."""
        if credentials:
            self.stdout.write(
                f"\n{credentials}\n\nThis is shown once; it is kept in {settings.ARIA_DATA_DIR / CREDENTIALS}.\n"
            )
        if settings.ARIA_API_AUTH == "none":
            self.stderr.write(
                self.style.WARNING("ARIA_API_AUTH=none: whoever reaches this port can read and change everything.")
            )
        host = f"[{settings.ARIA_HOST}]" if ":" in settings.ARIA_HOST else settings.ARIA_HOST
        self.stdout.write(f"Aria site is at http://{host}:{settings.ARIA_PORT}/ (Ctrl-C stops it)")
        self.stdout.flush()


class SiteServer(Server):
    def kill_all_applications(self) -> Deferred:
        """Before the end, let requests finish for a moment; Daphne would wait for ever for one that hangs."""
        requests = [
            details["application_instance"]
            for protocol, details in self.connections.items()
            if isinstance(protocol, WebRequest) and "application_instance" in details
        ]
        over = asyncio.wait(requests, timeout=GRACE_SECONDS) if requests else asyncio.sleep(0)
        return Deferred.fromFuture(asyncio.ensure_future(over))


def check_address(host: str, port: int, variable: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", error)
            raise CommandError(
                f"Cannot listen on {host}:{port} ({reason}); choose another address with {variable} and ARIA_HOST."
            ) from None


def keep_alive(server: database.EmbeddedServer) -> None:
    """Start the site's PostgreSQL again whenever it dies."""
    while True:
        time.sleep(LOOK_SECONDS)
        try:
            if server.revive():
                logger.warning("PostgreSQL had died; it runs again")
        except (database.DatabaseProblem, OSError) as problem:
            logger.error("PostgreSQL has died: %s", problem)


def end() -> NoReturn:
    """Stop PostgreSQL, then end at once: Python would wait for ever for the thread of a request that hangs."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    duties.stop()
    database.embedded().release()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)
