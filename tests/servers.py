"""Real sites for tests: daphne in a process of its own, on the tests' database."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import quote

import httpx
import psycopg
from django.db import connection

from apps.core import duties

GUARD = "guard of the tests"  # what its connections are called


def database_url():
    params = connection.get_connection_params()
    user, password = quote(params.get("user", "")), quote(params.get("password", ""))
    host, port = quote(params["host"], safe=""), params.get("port", "")
    return f"postgresql://{user}:{password}@/{params['dbname']}?host={host}&port={port}"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """One daphne; `stop` and `start` keep its address. `settings` go into its environment."""

    def __init__(self, **settings):
        self.settings = settings
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        command = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(self.port)]
        environment = os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "aria_site.settings"}
        environment |= self.settings
        self.process = subprocess.Popen([*command, "aria_site.asgi:application"], env=environment)
        wait_until(self.answers, 60)

    def answers(self):
        assert self.process.poll() is None, "daphne ended at its start"
        try:
            return httpx.get(f"{self.url}/api/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_site(*, with_duties=False, **settings):
    """Without duties we keep their locks: what they write would get in the way of emptying tables between tests.

    A site with duties that has just ended may hold some of them a moment longer.
    """
    patience = "-c lock_timeout=60s"
    guard = psycopg.connect(database_url(), autocommit=True, application_name=GUARD, options=patience)
    for name in () if with_duties else duties.duties:
        guard.execute("SELECT pg_advisory_lock_shared(%s, %s)", duties.key_of(name))
    site = Site(**settings)
    try:
        site.start()
        yield site
    finally:
        site.stop()
        guard.close()


@contextmanager
def database_away():
    """For all but the test itself and the guards: PostgreSQL ends their connections and lets nobody in."""
    name, own = connection.settings_dict["NAME"], connection.connection.info.backend_pid
    others = (
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = %s AND pid <> %s AND application_name <> %s"
    )
    elsewhere = connection.get_connection_params() | {"dbname": "postgres"}
    with psycopg.connect(
        **{key: elsewhere[key] for key in ("host", "port", "user", "dbname")}, autocommit=True
    ) as door:
        door.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            door.execute(others, [name, own, GUARD])
            yield
        finally:
            door.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def login(url, folder, **options):
    """The cookies of the admin whom the first start made."""
    password = (folder / "credentials.txt").read_text().split("password   ")[1].split()[0]
    with httpx.Client(base_url=url, timeout=30, **options) as browser:
        browser.get("/login")
        form = {"username": "admin", "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert browser.post("/login", data=form, headers={"Origin": url, "Referer": f"{url}/login"}).status_code == 302
        return dict(browser.cookies)


@contextmanager
def open_socket(port, origin, cookies, tls=None):
    """A page's WebSocket, held open; gives the first words of the server's answer."""
    sent = "; ".join(f"{name}={value}" for name, value in cookies.items())
    head = (
        f"GET /ws/live/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {origin}\r\nCookie: {sent}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    with tls.wrap_socket(connection) if tls else connection as connection:
        connection.sendall(head.encode())
        yield connection.recv(1024)


def wait_until(condition, seconds=30):
    """Until `condition()` is true; its last value. Fails loudly when that never happens."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)
    return value
