import os
import shutil

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from tests.factories import make_person
from tests.servers import running_site

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")

PATIENCE_MS = 30_000  # of a machine that has much else to do; what works at once takes none of it
REPLACED = ("htmx:sendAbort", "htmx:afterRequest")  # what htmx says of a request that a newer one took the place of
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def chromium():
    assert CHROMIUM, "The browser tests need Chromium (Debian: apt-get install chromium)."
    # Playwright's own event loop makes Django think that the tests were asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *QUIET])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    # The loop has a database connection of its own; the other one may have been cut by a test meanwhile.
    connection.close()


@pytest.fixture(scope="package")
def site(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), running_site() as site:
        yield site


@pytest.fixture(scope="package")
def second_site(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), running_site() as site:
        yield site


@pytest.fixture
def person(transactional_db):
    return make_person("alice", is_staff=True, is_superuser=True)


@pytest.fixture
def window(chromium, site, person):
    """`window()` opens a browser window of its own, logged in. Whatever it complains of fails the test."""
    contexts, complaints = [], []

    def open_window(at=site, expected=(), **options):
        context = chromium.new_context(base_url=at.url, viewport={"width": 1440, "height": 900}, **options)
        contexts.append(context)
        client = Client()
        client.force_login(person)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": at.url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)

        def complain(text):
            if not any(words in text for words in (*expected, *REPLACED)):
                complaints.append(text)

        page.on("pageerror", lambda error: complain(str(error)))
        page.on("console", lambda message: message.type in ("error", "warning") and complain(message.text))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert not complaints
