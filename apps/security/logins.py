"""Guessing passwords takes long: after some wrong ones, each next attempt has to wait longer."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db import connection
from django.http import HttpRequest

from apps.core.limits import TooManyRequests, address_of
from apps.security.models import LoginAttempt

# 5 attempts at once, then 1, 2, 4 ... seconds after the last one, at most 15 minutes; an hour's rest forgets all.
# One statement, so that attempts at once are counted one after the other, in whatever process.
WAIT = "CASE WHEN a.tries < 5 THEN 0 ELSE least(900, power(2, least(a.tries, 20) - 5)) END * interval '1 second'"
NOTE = f"""
    INSERT INTO site_login_attempt AS a (name, address, tries, last_at) VALUES (%s, %s, 1, clock_timestamp())
    ON CONFLICT (name, address) DO UPDATE SET tries = a.tries + 1, last_at = clock_timestamp()
     WHERE a.last_at + {WAIT} <= clock_timestamp()
    RETURNING a.tries"""
LEFT = f"""
    SELECT ceil(extract(epoch FROM a.last_at + {WAIT} - clock_timestamp()))::int
      FROM site_login_attempt AS a WHERE name = %s AND address = %s"""


class PatientBackend(ModelBackend):
    """Django's own, for the site's login and the admin's."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        """Raises:
        TooManyRequests: before the password is looked at.
        """
        if request is None or not username:
            return super().authenticate(request, username, password, **kwargs)
        who = username.casefold()[:150], address_of(request)
        note_attempt(*who)
        user = super().authenticate(request, username, password, **kwargs)
        if user is not None:
            LoginAttempt.objects.filter(name=who[0], address=who[1]).delete()
        return user


def note_attempt(name: str, address: str) -> None:
    LoginAttempt.objects.forgotten().delete()
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [name, address])
        if cursor.fetchone() is None:
            cursor.execute(LEFT, [name, address])
            left = cursor.fetchone()
            raise TooManyRequests("login_attempts", max(left[0], 1) if left else 1)
