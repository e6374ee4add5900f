import fcntl
import logging
import os
import socket
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from apps.core.first_start import CREDENTIALS, welcome
from apps.core.static_files import collect_if_changed
from apps.warehouse.adoption import refuse_unadopted


class Command(BaseCommand):
    help = "Start the site: database, tables, first credentials, static files, then the server (Ctrl-C stops it all)."

    def handle(self, *args: Any, **options: Any) -> None:
        lock = self.claim_data_folder()
        self.check_port()
        refuse_unadopted()
        call_command("migrate", verbosity=0)
        credentials = welcome()
        if collect_if_changed():
            self.stdout.write("Static files collected.")
        self.introduce(credentials)
        self.serve()
        os.close(lock)

    def claim_data_folder(self) -> int:
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
        return lock

    def check_port(self) -> None:
        family = socket.AF_INET6 if ":" in settings.ARIA_HOST else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.ARIA_HOST, settings.ARIA_PORT))
            except OSError as error:
                raise CommandError(
                    f"Cannot listen on {settings.ARIA_HOST}:{settings.ARIA_PORT} ({error.strerror}); "
                    "choose another port with ARIA_PORT."
                ) from None

    def introduce(self, credentials: str | None) -> None:
        if credentials:
            self.stdout.write(
                f"\n{credentials}\n\nThis is shown once; it is kept in {settings.ARIA_DATA_DIR / CREDENTIALS}.\n"
            )
        if settings.ARIA_API_AUTH == "none":
            self.stderr.write(
                self.style.WARNING("ARIA_API_AUTH=none: whoever reaches this port can read and change everything.")
            )
        self.stdout.write(f"Aria site is at http://{settings.ARIA_HOST}:{settings.ARIA_PORT}/ (Ctrl-C stops it)")
        self.stdout.flush()

    def serve(self) -> None:
        from aria_site.asgi import application

        connections.close_all()
        logging.getLogger("daphne.server").setLevel(logging.ERROR)
        Server(
            application=application,
            endpoints=build_endpoint_description_strings(host=settings.ARIA_HOST, port=settings.ARIA_PORT),
            ready_callable=None,
            server_name="aria-site",
            proxy_forwarded_address_header="X-Forwarded-For" if settings.ARIA_HTTPS else None,
            proxy_forwarded_proto_header=None,
        ).run()
