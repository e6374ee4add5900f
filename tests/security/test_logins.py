"""Guessing a password takes long."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from apps.core.limits import TooManyRequests
from apps.security.logins import note_attempt
from apps.security.models import LoginAttempt
from tests.factories import make_person

pytestmark = pytest.mark.django_db
FREE = 5


def try_once(name="alice", password="wrong", page="/login", **extra):
    return Client(**extra).post(page, {"username": name, "password": password})


def statuses(times, **over):
    return [try_once(**over).status_code for _ in range(times)]


def let_pass(seconds):
    LoginAttempt.objects.update(last_at=F("last_at") - timedelta(seconds=seconds))


def use_up(**over):
    """The free attempts, the last of them so fresh that no slow machine waits it out."""
    assert statuses(FREE, **over) == [200] * FREE
    let_pass(-60)


@pytest.fixture(autouse=True)
def quick_hashes(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    make_person("alice")


class TestLogin:
    def test_some_wrong_passwords_are_free_then_even_the_right_one_must_wait(self):
        use_up()
        response = try_once(password="correct horse")
        page = response.content.decode()
        assert response.status_code == 429 and "Too many attempts" in page
        assert f"Wait {response['Retry-After']} seconds," in page and 30 < int(response["Retry-After"]) <= 61

    @pytest.mark.parametrize(("tries", "wait"), [(11, 64), (12, 128), (13, 256), (15, 900), (1000, 900)])
    def test_each_next_wait_is_longer(self, tries, wait):
        try_once()
        LoginAttempt.objects.update(tries=tries)
        assert wait / 2 < int(try_once()["Retry-After"]) <= wait
        let_pass(wait)
        assert try_once().status_code == 200
        assert LoginAttempt.objects.get().tries == tries + 1

    def test_attempts_that_come_too_early_do_not_prolong_it(self):
        use_up()
        assert statuses(3) == [429] * 3
        let_pass(61)
        assert try_once(password="correct horse").status_code == 302

    def test_the_right_password_clears_the_count(self):
        statuses(FREE - 1)
        assert try_once(password="correct horse").status_code == 302
        use_up()

    def test_an_hours_rest_does_so_too(self):
        use_up()
        let_pass(3661)
        use_up()
        assert LoginAttempt.objects.count() == 1

    def test_it_holds_for_one_name_at_one_address(self):
        make_person("bob")
        use_up()
        assert try_once(name="ALICE").status_code == 429
        assert try_once(name="bob").status_code == 200
        assert try_once(REMOTE_ADDR="192.0.2.9", password="correct horse").status_code == 302

    def test_the_admins_login_counts_the_same(self):
        make_person("root", is_staff=True)
        use_up(name="root", page="/admin/login/")
        assert try_once(name="root", page="/admin/login/", password="correct horse").status_code == 429
        assert try_once(name="root", password="correct horse").status_code == 429

    def test_names_that_nobody_has_are_treated_alike(self):
        use_up(name="nobody" * 40)
        assert try_once(name="nobody" * 40).status_code == 429


@pytest.mark.django_db(transaction=True)
def test_of_attempts_at_once_one_is_next():
    """In whatever process: the database counts them."""
    LoginAttempt.objects.create(
        name="alice", address="192.0.2.1", tries=14, last_at=timezone.now() - timedelta(seconds=600)
    )

    def attempt(_):
        try:
            note_attempt("alice", "192.0.2.1")
            return True
        except TooManyRequests:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(attempt, range(24))).count(True) == 1
