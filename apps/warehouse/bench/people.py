"""Who the bench is on the pages: a person whose password is given, or the admin by a session in the local database."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import httpx
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from apps.core.models import User

HOUR = 3600


class NobodyToBe(Exception):
    """There is no way to log in; the text says what to do."""


@contextmanager
def cookie_of(url: str, user: str | None, password: str | None) -> Iterator[str]:
    """The Cookie header of somebody who is logged in at `url`."""
    if user and password:
        yield by_password(url, user, password)
        return
    admin = User.objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if admin is None:
        raise NobodyToBe("This database has no admin. Name a person with --user and --password.")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(admin.pk), admin.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session.set_expiry(HOUR)
    session.create()
    try:
        yield f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    finally:
        session.delete()


def by_password(url: str, user: str, password: str) -> str:
    with httpx.Client(base_url=url, timeout=30) as browser:
        browser.get("/login")
        form = {"username": user, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        if browser.post("/login", data=form, headers={"Origin": url, "Referer": f"{url}/login"}).status_code != 302:
            raise NobodyToBe(f"{url} does not let {user} in with this password.")
        return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
