"""`manage.py up` as people run it: real processes, real signals, and an embedded PostgreSQL of its own with fsync."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from apps.core import first_start
from apps.core.models import ApiToken, User
from aria_site.database import DatabaseProblem, EmbeddedServer
from tests.servers import free_port, login, open_socket, wait_until
from tests.skillset.manifests import write

BASE_DIR = Path(__file__).resolve().parent.parent.parent


class Up:
    """One command of manage.py on a data folder, in a process group of its own, as a terminal has it."""

    def __init__(self, folder, *command, port=None, **environment):
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        inherited = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "ARIA_API_AUTH")}
        # To append, for the process shares the place in the file that reading sets.
        self.output = tempfile.TemporaryFile("a+")  # noqa: SIM115 (lives as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", *(command or ["up"])],
            cwd=BASE_DIR,
            env=inherited | {"ARIA_DATA_DIR": str(folder), "ARIA_PORT": str(self.port)} | environment,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=heed_signals,
        )

    @property
    def text(self):
        self.output.seek(0)
        return self.output.read()

    def is_ready(self):
        assert self.process.poll() is None, self.text
        return "Aria site is at" in self.text

    def result(self):
        """Exit code and words of a command that ends by itself."""
        code = self.process.wait(30)
        assert "Traceback" not in self.text
        return code, self.text

    def stop(self, number=signal.SIGINT):
        os.killpg(self.process.pid, number)
        return self.process.wait(20)

    def request(self, method, path, **options):
        secret = (self.folder / "api_token").read_text()
        headers = {"Authorization": f"Bearer {secret}"}
        # Reading the certificates of the world takes longer than most answers.
        return httpx.request(method, f"{self.url}/api{path}", headers=headers, timeout=30, verify=False, **options)

    def list_goals(self):
        return self.request("GET", "/goals").status_code


def heed_signals():
    """A pytest in the background ignores the one, under nohup the other, and so would its children."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def site(folder, **options):
    up = Up(folder, **options)
    try:
        wait_until(up.is_ready, 30)
        yield up
    finally:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()
        up.output.close()


def run(folder, *command, **options):
    up = Up(folder, *command, **options)
    try:
        return up.result()
    finally:
        up.output.close()


def postmaster(folder):
    """The process of the folder's PostgreSQL; None when it was stopped in order."""
    try:
        return int((folder / "postgres" / "data" / "postmaster.pid").read_text().split()[0])
    except FileNotFoundError:
        return None


@contextmanager
def held(folder, **options):
    """The folder's PostgreSQL, used by the tests' own process too."""
    server = EmbeddedServer(folder / "postgres", **options)
    try:
        server.acquire()
        yield server
    finally:
        server.release()


def kill_postgres(folder):
    parent = postmaster(folder)
    children = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True).stdout.split()
    for pid in [parent, *map(int, children)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def fresh():
    """A data folder whose very first start was killed while it set up PostgreSQL."""
    folder = Path(tempfile.mkdtemp(prefix="aria-up-"))
    killed = Up(folder)
    wait_until(lambda: list(folder.glob("postgres/initdb-*/base")), 20)
    killed.stop(signal.SIGKILL)
    killed.output.close()
    yield folder
    if parent := postmaster(folder):
        os.kill(parent, signal.SIGINT)
        wait_until(lambda: postmaster(folder) is None, 20)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def first_words(fresh):
    """What the first start says, of two that began at the same moment."""
    both = [Up(fresh), Up(fresh)]
    wait_until(lambda: any(up.process.poll() is not None for up in both), 40)
    loser, winner = sorted(both, key=lambda up: up.process.poll() is None)
    code, words = loser.result()
    assert code == 1 and "A site already runs on" in words and str(winner.process.pid) in words
    wait_until(winner.is_ready, 30)
    assert winner.stop() == 0 and postmaster(fresh) is None
    yield winner.text
    for up in both:
        up.output.close()


@pytest.fixture(scope="module")
def folder(fresh, first_words):
    """A data folder that has been started before, with nothing running on it."""
    return fresh


@pytest.fixture(scope="class")
def second(folder):
    """The next start on that folder."""
    with site(folder, ARIA_API_AUTH="none") as up:
        yield up
        assert up.stop() == 0


class TestStart:
    def test_the_first_one_tells_the_credentials(self, folder, first_words):
        secret = (folder / "api_token").read_text()
        assert f"API token  {secret}" in first_words and "login      admin" in first_words
        assert first_words.index(secret) < first_words.index("Aria site is at")
        for name in ("api_token", "credentials.txt", "secret_key"):
            assert (folder / name).stat().st_mode & 0o777 == 0o600

    def test_the_next_one_tells_no_secrets(self, second):
        assert (second.folder / "api_token").read_text() not in second.text and "password" not in second.text
        assert "ARIA_API_AUTH=none: whoever reaches this port can read and change everything." in second.text
        assert second.list_goals() == 200

    def test_one_site_a_folder(self, second):
        code, words = run(second.folder)
        assert code == 1 and words.count("\n") == 1
        assert f"A site already runs on {second.folder} (process {second.process.pid})" in words

    def test_a_port_that_is_taken(self, second, tmp_path):
        url = EmbeddedServer(second.folder / "postgres").url
        code, words = run(tmp_path, port=second.port, DATABASE_URL=url)
        assert code == 1 and words.count("\n") == 1
        assert f"Cannot listen on 127.0.0.1:{second.port} (Address already in use)" in words

    def test_commands_work_beside_it(self, second):
        code, words = run(second.folder, "token", "list")
        assert code == 0 and "first start" in words and second.list_goals() == 200

    @pytest.mark.parametrize("place", ["a file", "below a file"])
    def test_a_data_folder_that_cannot_be(self, tmp_path, place):
        (tmp_path / "file").touch()
        code, words = run(tmp_path / "file" if place == "a file" else tmp_path / "file" / "x")
        assert code == 1 and words.startswith("Cannot use the data folder") and words.count("\n") == 1

    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("postgresql://nobody@127.0.0.1:1/x", "port 1 failed: Connection refused); start or create it"),
            ("mysql://root:hunter2@db/x", "DATABASE_URL must look like postgresql://"),
        ],
    )
    def test_a_database_that_cannot_be(self, tmp_path, url, says):
        code, words = run(tmp_path, DATABASE_URL=url)
        assert code == 1 and says in words and words.count("\n") == 1 and "hunter2" not in words


class TestAddress:
    def test_of_a_caller_is_not_what_the_caller_says(self, folder):
        """Guessing is slowed down behind a proxy too, whose header a caller may begin with anything."""
        with site(folder, ARIA_HTTPS="1") as up, httpx.Client(verify=False, timeout=30) as client:
            said = ({"X-Forwarded-For": f"192.0.2.{n}", "X-Forwarded-Proto": "https"} for n in range(200))
            wrong = {"Authorization": "Bearer aria_wrong"}
            statuses = {client.get(f"{up.url}/api/goals", headers=wrong | headers).status_code for headers in said}
            assert statuses == {401, 429}
            assert up.stop() == 0


class TestSkills:
    def test_their_graph_is_there_whatever_some_manifests_say(self, folder, tmp_path):
        write(tmp_path, "whole"), write(tmp_path, "broken", "["), write(tmp_path, "torn", "{")
        with site(folder, ARIA_SKILLS_DIR=str(tmp_path)) as up:
            assert "broken/skill.json: " in up.text and "(and 1 more; " in up.text
            assert up.request("GET", "/knowledge-graph/traverse?start=aria-whole").json()["total_nodes"] == 1
            assert up.stop() == 0
        with site(folder, ARIA_SKILLS_DIR=str(tmp_path / "gone")) as up:
            assert "The graph of skills stays as it was: The folder of skills 'gone' cannot be read" in up.text
            assert up.request("GET", "/knowledge-graph/traverse?start=aria-whole").json()["total_nodes"] == 1
            assert up.stop() == 0


class TestEnd:
    def test_ctrl_c_cuts_off_a_request_that_hangs(self, folder):
        with site(folder) as up, waiting_request(up) as (request, _):
            assert up.stop(signal.SIGINT) == 0
            with pytest.raises(httpx.TransportError):
                request.result()
            assert postmaster(folder) is None and "Traceback" not in up.text

    def test_termination_lets_a_request_finish(self, folder):
        with site(folder) as up, waiting_request(up) as (request, lock):
            os.killpg(up.process.pid, signal.SIGTERM)
            time.sleep(0.3)
            lock.rollback()
            assert request.result().status_code == 200
            assert up.process.wait(20) == 0 and postmaster(folder) is None

    def test_a_lost_terminal_with_a_page_open(self, folder):
        with site(folder) as up, live_page(up):
            assert up.stop(signal.SIGHUP) == 0
            assert postmaster(folder) is None and "Traceback" not in up.text

    def test_others_keep_the_database_until_the_last_one_leaves(self, folder):
        with site(folder) as up, held(folder) as server:
            assert up.stop() == 0
            assert server.runs()
        assert postmaster(folder) is None

    def test_a_command_starts_and_stops_it_where_no_site_runs(self, folder):
        code, words = run(folder, "token", "list")
        assert code == 0 and "first start" in words and postmaster(folder) is None


class TestCrash:
    def test_nothing_acknowledged_is_lost(self, folder):
        """PostgreSQL dies under the writers, then the site, then both."""
        titles = []
        with ThreadPoolExecutor() as threads:
            with site(folder) as up:
                writers = [threads.submit(write_goals, up, titles) for _ in range(4)]
                wait_for_more(titles)
                kill_postgres(folder)
                wait_until(lambda: "it runs again" in up.text)
                wait_for_more(titles)
                up.stop(signal.SIGKILL)
            left = postmaster(folder)
            with site(folder) as up:
                assert postmaster(folder) == left
                writers += [threads.submit(write_goals, up, titles) for _ in range(4)]
                wait_for_more(titles)
                kill_postgres(folder)
                up.stop(signal.SIGKILL)
        for writer in writers:
            writer.result()
        with site(folder) as up, closing(psycopg.connect(EmbeddedServer(folder / "postgres").url)) as server:
            assert server.execute("SHOW fsync").fetchone() == ("on",)
            assert set(titles) <= {title for (title,) in server.execute("SELECT title FROM goals")}
            assert server.execute("SELECT uuid_generate_v4() IS NOT NULL").fetchone() == (True,)
            assert up.stop() == 0 and postmaster(folder) is None

    def test_without_a_database_the_api_says_so_until_it_is_back(self, folder):
        with held(folder) as server, site(folder, DATABASE_URL=server.url) as up:
            in_parallel(up, 8)  # fills the pool
            kill_postgres(folder)
            response = up.request("GET", "/goals")  # or an error after 30 s
            assert response.status_code == 503 and response.json()["error"] == "Database connection error"
            assert response.headers["Retry-After"] == "5"
            wait_until(server.revive)
            assert not server.revive()
            wait_until(lambda: up.list_goals() == 200)
            in_parallel(up, 8)
            kill_postgres(folder)
            wait_until(server.revive)
            # The pool is full of dead connections, and hands out none of them.
            assert [up.list_goals() for _ in range(20)] == [200] * 20
            assert up.stop(signal.SIGTERM) == 0

    def test_without_a_database_pages_say_so_until_it_is_back(self, folder):
        with held(folder) as server, site(folder, DATABASE_URL=server.url) as up, browser(up) as person:
            assert log_in(up, person).status_code == 302
            assert person.get("/sprint-board").status_code == 200
            kill_postgres(folder)
            with ThreadPoolExecutor() as threads:  # each waits some seconds for the database
                asked = [threads.submit(person.get, path) for path in ("/sprint-board", "/admin/", "/goals/archive")]
                asked.append(threads.submit(log_in, up, person))
                scripts = [
                    threads.submit(person.get, "/sprint-board", headers=headers)
                    for headers in ({"HX-Request": "true"}, {"Accept": "application/json"})
                ]
            for response in (one.result() for one in asked):
                assert response.status_code == 503 and response.headers["Retry-After"] == "5"
                assert "<h1>The database does not answer</h1>" in response.text
            for response in (one.result() for one in scripts):
                assert response.status_code == 503 and response.headers["Content-Type"] == "text/plain"
                assert response.text.startswith("The database does not answer.")
            wait_until(server.revive)
            wait_until(lambda: person.get("/sprint-board").status_code == 200)
            assert log_in(up, person).status_code == 302
            assert up.stop(signal.SIGTERM) == 0


class TestEmbeddedServer:
    @pytest.mark.parametrize("place", ["it's a 'q' \"$HOME\" `ls` \\ ü", "a, b", "deep/" * 25 + "it's"])
    def test_in_any_folder(self, folder, place):
        odd = folder / "odd" / place
        odd.mkdir(parents=True)
        (folder / "postgres").rename(odd / "postgres")
        try:
            with held(odd) as server, psycopg.connect(server.url) as connection:
                assert connection.execute("SHOW data_directory").fetchone() == (str(server.data),)
            assert not server.runs() and not list(server.sockets.glob(".s.*"))
        finally:
            (odd / "postgres").rename(folder / "postgres")

    @pytest.mark.parametrize("pid", ["", "ours", "zombie"])
    def test_claims_from_before_a_crash_or_a_reboot_are_in_nobodys_way(self, folder, pid):
        server = EmbeddedServer(folder / "postgres")
        zombie = subprocess.Popen(["true"], **server.as_account())
        pids = {"ours": os.getpid(), "zombie": zombie.pid}
        claim = f"{pids.get(pid, '')}\n{server.data}\n1\n5432\n{server.sockets}\n"
        (server.data / "postmaster.pid").write_text(claim)
        (server.sockets / ".s.PGSQL.5432.lock").write_text(claim)
        with held(folder) as server:
            assert server.runs()
        zombie.wait()

    def test_refuses_the_data_of_another_version(self, folder):
        mark = folder / "postgres" / "data" / "PG_VERSION"
        version = mark.read_text()
        mark.write_text("15\n")
        refusal = pytest.raises(DatabaseProblem, match=r"is PostgreSQL 15's, but PostgreSQL \d+ is.*make a backup")
        try:
            with refusal, held(folder):
                pass
        finally:
            mark.write_text(version)

    def test_says_why_it_does_not_start(self, folder, monkeypatch):
        monkeypatch.setattr("aria_site.embedded.START_SECONDS", 0)
        with (
            pytest.raises(DatabaseProblem, match=r'does not start \(invalid value for parameter "shared_buffers"'),
            held(folder, shared_buffers="much"),
        ):
            pass


@pytest.mark.django_db
class TestWelcome:
    @pytest.fixture(autouse=True)
    def data_folder(self, settings, tmp_path):
        settings.ARIA_DATA_DIR = tmp_path

    def test_makes_both_once(self, settings):
        told = first_start.welcome()
        assert User.objects.get().check_password(told.split("password   ")[1].split()[0])
        assert ApiToken.for_secret((settings.ARIA_DATA_DIR / "api_token").read_text()).scope == "admin"
        assert told + "\n" == (settings.ARIA_DATA_DIR / "credentials.txt").read_text()
        assert first_start.welcome() is None

    def test_makes_only_what_is_missing(self):
        User.objects.create_superuser("root", password="x")
        assert "login" not in first_start.welcome()
        assert User.objects.count() == ApiToken.objects.count() == 1


@contextmanager
def waiting_request(up):
    """A POST that waits for a lock, and the connection that holds it."""
    url = EmbeddedServer(up.folder / "postgres").url
    with closing(psycopg.connect(url)) as lock, ThreadPoolExecutor() as threads:
        lock.execute("LOCK TABLE goals")
        request = threads.submit(up.request, "POST", "/goals", json={"title": "patient"})
        with psycopg.connect(url, autocommit=True) as observer:
            wait_until(lambda: observer.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is not None)
        yield request, lock


@contextmanager
def live_page(up):
    """A logged-in browser's WebSocket."""
    with open_socket(up.port, up.url, login(up.url, up.folder)) as answer:
        assert answer.startswith(b"HTTP/1.1 101")
        yield


def write_goals(up, titles):
    """Until the API is gone. `titles` gets those that it has acknowledged."""
    while True:
        title = uuid4().hex
        try:
            response = up.request("POST", "/goals", json={"title": title})
        except httpx.TransportError:
            return
        if response.status_code == 200:
            titles.append(title)
        else:
            assert response.status_code == 503 and response.headers["Retry-After"]


def wait_for_more(titles):
    before = len(titles)
    wait_until(lambda: len(titles) > before + 10)


def browser(up):
    return httpx.Client(base_url=up.url, timeout=30, verify=False)


def log_in(up, person):
    password = (up.folder / "credentials.txt").read_text().split()[3]
    person.get("/login")
    form = {"username": "admin", "password": password, "csrfmiddlewaretoken": person.cookies["csrftoken"]}
    return person.post("/login", data=form)


def in_parallel(up, clients):
    with ThreadPoolExecutor(clients) as threads:
        assert {*threads.map(lambda _: up.list_goals(), range(2 * clients))} == {200}
