import fcntl
import functools

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, TransactionTestCase
from psycopg.errors import DeadlockDetected

from tests.factories import make_person, make_token
from tests.postgres import SCRATCH


class ApiClient(Client):
    """A skill: JSON in and out, a bearer token, no cookies."""

    def __init__(self, secret=None, **kwargs):
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        super().__init__(headers=headers, enforce_csrf_checks=True, **kwargs)

    def post(self, path, data=None, content_type="application/json", **extra):
        return super().post(path, {} if data is None else data, content_type, **extra)

    def patch(self, path, data=None, content_type="application/json", **extra):
        return super().patch(path, {} if data is None else data, content_type, **extra)


@pytest.fixture
def alice(db):
    return make_person("alice")


@pytest.fixture
def browser_client(alice):
    """Alice's browser without JavaScript."""
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def api(db):
    return ApiClient(make_token("write", name="skill"))


@pytest.fixture
def reader(db):
    return ApiClient(make_token("read", name="reader"))


@pytest.fixture
def stranger(db):
    return ApiClient()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """The tests of a file run in one process, and so do those of folders that share what takes long to make.

    The browser's share a site and a Chromium, the warehouse's a database with the dump in it.
    """
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            folder = file.rpartition("/")[0]
            return folder if folder in ("tests/browser", "tests/warehouse") else file

    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def static_files():
    """Pages name static files by their hash, as in production; only no client reads them all at its start."""
    from apps.core.static_files import collect_if_changed

    with open(SCRATCH / "static.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        collect_if_changed()
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def nothing_asked_yet():
    """What a test learnt says nothing to the next one: of other systems, whose servers may get the same ports, of what
    calls of the same names usually took, which words are common, or when all time was summed last."""
    from apps.core.remote import asker
    from apps.memory import common_words
    from apps.telemetry.sums import summed_ever
    from apps.warehouse.session_page import usual

    asker.known.clear()
    summed_ever.clear()
    usual.kept.clear()
    common_words.sampled.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def quick_emptying():
    """After a test that commits, only the tables that have rows are emptied, and the permissions stay.

    Django's own way empties a hundred tables and then makes all permissions anew, which took longer than most tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test_case: empty_tables())
        yield


def empty_tables():
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables()))
        if filled := [name for (name,) in cursor.fetchall()]:
            truncate(cursor, filled)


def truncate(cursor, names, tries=5):
    try:
        cursor.execute(f"TRUNCATE {', '.join(names)} CASCADE")
    except OperationalError as error:  # what a page of the test has just asked its site may be in the way
        if tries == 1 or not isinstance(error.__cause__, DeadlockDetected):
            raise
        truncate(cursor, names, tries - 1)


@functools.cache
def tables():
    every = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [f'"{name}"' for name in every if name not in ("django_content_type", "auth_permission")]
