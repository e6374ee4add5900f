from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from apps.core.models import ApiToken
from tests.conftest import ApiClient
from tests.factories import make_token

pytestmark = pytest.mark.django_db


def token(*arguments):
    output = StringIO()
    call_command("token", *arguments, stdout=output)
    return output.getvalue().strip()


class TestCreate:
    def test_prints_a_secret_that_opens_the_api(self):
        assert ApiClient(token("create", "agent")).post("/api/goals", {"title": "x"}).status_code == 200

    def test_with_a_scope_and_an_end(self):
        secret = token("create", "viewer", "--scope", "read", "--days", "7")
        made = ApiToken.for_secret(secret)
        assert made.scope == "read"
        assert timedelta(days=6, hours=23) < made.expires_at - timezone.now() <= timedelta(days=7)

    def test_a_token_without_a_future_is_refused(self):
        with pytest.raises(CommandError, match="--days must be 1 or more"):
            token("create", "agent", "--days", "0")
        assert not ApiToken.objects.exists()


class TestList:
    def test_tells_the_state_of_each_and_no_secret(self):
        long_ago, next_year = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=365)
        secrets = [
            make_token("read", name="plain"),
            make_token(name="old", expires_at=long_ago),
            make_token(name="new", expires_at=next_year),
            make_token(name="gone"),
        ]
        ApiToken.objects.get(name="gone").revoke()
        told = token("list").splitlines()
        lines = {name: line for name in ("plain", "old", "new", "gone") for line in told if f"  {name}" in line}
        assert lines["plain"].startswith(secrets[0][:12]) and lines["plain"].endswith("plain")
        assert lines["old"].endswith(f"expired {long_ago:%Y-%m-%d}")
        assert lines["new"].endswith(f"expires {next_year:%Y-%m-%d}")
        assert lines["gone"].endswith("revoked")
        assert not any(secret in line for secret in secrets for line in lines.values())

    def test_says_what_to_do_before_the_first_start(self):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE site_api_token RENAME TO elsewhere")
        with pytest.raises(CommandError, match="no tables yet; start it once, with 'make run'"):
            token("list")


class TestRevoke:
    def test_by_name_ends_it_at_once(self):
        secret = make_token(name="agent")
        assert token("revoke", "agent").endswith("is revoked.")
        assert ApiClient(secret).get("/api/goals").status_code == 401

    def test_by_prefix(self):
        first, second = make_token(name="agent"), make_token(name="agent")
        token("revoke", first[:12])
        assert ApiClient(first).get("/api/goals").status_code == 401
        assert ApiClient(second).get("/api/goals").status_code == 200

    def test_only_one_that_is_named_clearly(self):
        make_token(name="agent")
        make_token(name="agent")
        with pytest.raises(CommandError, match="2 usable tokens are called 'agent'"):
            token("revoke", "agent")
        with pytest.raises(CommandError, match="0 usable tokens are called 'nobody'"):
            token("revoke", "nobody")
        assert ApiToken.objects.usable().count() == 2
