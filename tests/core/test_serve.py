"""`manage.py serve` as people run it: workers, sockets on the next port, and restarts under load."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.core.test_up import Up, held, in_parallel, kill_postgres, postmaster, run
from tests.servers import free_port, login, open_socket, wait_until

TLS = httpx.create_ssl_context(verify=False)  # made once: reading the certificates of the world takes long


@contextmanager
def serving(folder, **options):
    up = Up(folder, "serve", ARIA_WS_PORT=str(free_port()), ARIA_WORKERS="1", ARIA_THREADS="4", **options)
    try:
        wait_until(up.is_ready, 60)
        yield up
    finally:
        if up.process.poll() is None:
            up.stop(signal.SIGTERM)
        up.output.close()


@pytest.fixture(scope="module")
def folder():
    folder = Path(tempfile.mkdtemp(prefix="aria-serve-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def site(folder):
    with serving(folder) as up:
        yield up
        assert up.stop(signal.SIGINT) == 0
        assert postmaster(folder) is None and not processes(up.process.pid)
        assert "Traceback" not in up.text


def processes(parent, kind=""):
    found = subprocess.run(
        ["pgrep", "-P", str(parent), "-f", f"aria_site.serving {kind}"], capture_output=True, text=True
    )
    return [int(pid) for pid in found.stdout.split()]


def worker_of(site):
    """The process that answers requests, below granian's own; None where it is being replaced."""
    workers = [pid for parent in processes(site.process.pid, "http") for pid in processes(parent)]
    return workers[0] if len(workers) == 1 else None


def ws_port(site):
    return int(re.search(r"sockets 127.0.0.1 (\d+)", command_of(processes(site.process.pid, "sockets")[0]))[1])


def command_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


class Load:
    """Requests over connections of their own, until it is left; `failed` are those without an answer of 200."""

    def __init__(self, site):
        self.site, self.done, self.failed, self.over = site, 0, [], threading.Event()
        self.threads = [threading.Thread(target=self.send) for _ in range(4)]

    def send(self):
        secret = (self.site.folder / "api_token").read_text()
        headers = {"Authorization": f"Bearer {secret}", "Connection": "close"}
        while not self.over.is_set():
            try:
                with httpx.Client(base_url=self.site.url, headers=headers, timeout=60, verify=TLS) as client:
                    response = client.post("/api/activities", json={"action": "load"})
                    assert response.status_code == 200, response.text
                    self.done += 1
            except (httpx.HTTPError, AssertionError) as error:
                self.failed.append(repr(error))

    def __enter__(self):
        [thread.start() for thread in self.threads]
        return self

    def __exit__(self, *error):
        self.over.set()
        [thread.join() for thread in self.threads]


def test_pages_find_the_sockets_on_the_next_port(site, folder):
    port = ws_port(site)
    cookies = login(site.url, folder)
    page = httpx.get(f"{site.url}/", cookies=cookies, follow_redirects=True, verify=TLS)
    assert f'<meta name="socket-origin" content="ws://127.0.0.1:{port}">' in page.text
    assert page.headers["Content-Security-Policy"].endswith(f"connect-src 'self' ws://127.0.0.1:{port}")
    assert "connect-src" not in httpx.get(f"{site.url}/api/health", verify=TLS).headers["Content-Security-Policy"]
    with open_socket(port, site.url, cookies) as answer:
        assert answer.startswith(b"HTTP/1.1 101")
    with open_socket(port, "http://elsewhere.example", cookies) as answer:
        assert answer.startswith(b"HTTP/1.1 403")


def test_figures_are_those_of_all_workers(site):
    def missed():
        text = site.request("GET", "/metrics").text
        assert 'process_resident_memory_bytes{pid="' in text
        label = r'handler="/api/goals/<goal_id>",method="GET",status="4xx"'
        return sum(float(value) for value in re.findall(rf"http_requests_total{{{label}}} (\S+)", text))

    before = missed()
    for _ in range(20):
        assert site.request("GET", "/goals/nowhere").status_code == 404
    assert missed() == before + 20


def test_a_restart_fails_no_request(site):
    old, old_sockets = worker_of(site), processes(site.process.pid, "sockets")
    with Load(site) as load:
        wait_until(lambda: load.done > 50, 60)
        site.process.send_signal(signal.SIGHUP)
        wait_until(lambda: worker_of(site) not in (old, None), 60)
        done = load.done
        wait_until(lambda: load.done > done + 50, 60)
    assert not load.failed
    wait_until(lambda: processes(site.process.pid, "sockets") not in ([], old_sockets), 60)
    assert "starting it again" not in site.text


def test_what_dies_is_started_again(site):
    (sockets,) = wait_until(lambda: processes(site.process.pid, "sockets"), 60)
    os.kill(sockets, signal.SIGKILL)
    wait_until(lambda: "WebSocket server ended (-9); starting it again in 1 s" in site.text, 30)
    os.kill(processes(site.process.pid, "http")[0], signal.SIGKILL)
    wait_until(lambda: "HTTP server ended (-9)" in site.text, 30)
    wait_until(lambda: worker_of(site), 60)
    wait_until(lambda: processes(site.process.pid, "sockets"), 60)
    wait_until(lambda: answers(site), 60)


def answers(site):
    try:
        return site.list_goals() == 200
    except httpx.TransportError:
        return False


def test_second_starts_are_told_why(site, folder, tmp_path):
    code, words = run(folder, "serve")
    assert code == 1 and f"A site already runs on {folder} (process {site.process.pid})" in words
    code, words = run(tmp_path, "serve", ARIA_WS_PORT=str(site.port))
    assert code == 1 and words.splitlines()[-1].startswith(
        f"CommandError: Cannot listen on 127.0.0.1:{site.port} (Addr"
    )
    assert words.rstrip().endswith("choose another address with ARIA_WS_PORT and ARIA_HOST.")


def test_behind_a_proxy_there_is_one_address(client, settings, alice):
    client.force_login(alice)
    page = client.get("/sprint-board")
    assert b"socket-origin" in page.content
    settings.ARIA_PROXY = True
    page = client.get("/sprint-board")
    assert b"socket-origin" not in page.content and "connect-src" not in page.headers["Content-Security-Policy"]


def test_without_a_database_it_says_so_until_it_is_back(tmp_path):
    with held(tmp_path) as server, serving(tmp_path, DATABASE_URL=server.url) as up:
        in_parallel(up, 8)  # now each thread keeps a connection
        kill_postgres(tmp_path)
        assert [up.list_goals() for _ in range(8)] == [503] * 8
        wait_until(server.revive)
        wait_until(lambda: up.list_goals() == 200)
        in_parallel(up, 8)
        kill_postgres(tmp_path)
        wait_until(server.revive)
        assert [up.list_goals() for _ in range(20)] == [200] * 20
