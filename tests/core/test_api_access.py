"""Who may use the API, and what every answer of it looks like."""

import gzip
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from apps.core import models
from apps.core.limits import wrong_tokens
from apps.core.models import ApiToken
from aria_site.api import api as the_api
from tests.conftest import ApiClient
from tests.factories import make_goal, make_token

pytestmark = pytest.mark.django_db
OPEN = {"/api/health"}
FOR_ADMINS = {
    ("POST", "/api/maintenance"),
    ("POST", "/api/admin/services/nobody/nobody"),
    ("GET", "/api/admin/files/mind"),
    ("GET", "/api/admin/files/mind/nobody"),
    ("PATCH", "/api/budgets/00000000-0000-4000-8000-000000000000"),
    ("DELETE", "/api/budgets/00000000-0000-4000-8000-000000000000"),
}


def routes():
    """(method, path) of every operation, with a made-up value for each parameter."""
    for path, operations in the_api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            values = {p["name"]: made_up(p["schema"]) for p in operation.get("parameters", []) if p["in"] == "path"}
            yield method.upper(), "/api" + path.format(**values | {"scope": "mind"})


def made_up(schema):
    if schema.get("format") == "uuid":
        return "00000000-0000-4000-8000-000000000000"
    return "1" if schema.get("type") == "integer" else "nobody"


@pytest.mark.parametrize(("method", "path"), list(routes()))
class TestEveryRoute:
    def test_needs_a_token(self, stranger, method, path):
        response = stranger.generic(method, path, "{}", "application/json")
        assert response.status_code == (200 if path in OPEN else 401)

    def test_needs_a_token_that_still_holds(self, method, path):
        wrong_tokens.full_at.clear()  # the address may guess anew
        expired = make_token(expires_at=timezone.now() - timedelta(seconds=1))
        revoked = make_token(name="revoked")
        ApiToken.objects.get(name="revoked").revoke()
        for secret in (expired, revoked):
            response = ApiClient(secret).generic(method, path, "{}", "application/json")
            assert response.status_code == (200 if path in OPEN else 401)

    def test_writes_need_more_than_a_read_token(self, reader, method, path):
        response = reader.generic(method, path, "{}", "application/json")
        assert (response.status_code == 403) == (method != "GET" or (method, path) in FOR_ADMINS)

    def test_some_need_an_admin(self, api, method, path):
        if (method, path) in FOR_ADMINS:
            response = api.generic(method, path, "{}", "application/json")
            assert (response.status_code, response.json()) == (403, {"detail": "This needs the scope 'admin'."})

    def test_other_methods_are_refused_in_json(self, api, method, path):
        response = api.generic("PUT", path, "{}", "application/json")
        assert (response.status_code, response.json()) == (405, {"detail": "Method Not Allowed"})
        assert method in response["Allow"]


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def with_token(**over):
    return ApiClient(make_token(**over)).get("/api/goals").status_code


class TestTokens:
    def test_only_a_live_token_opens(self):
        assert with_token() == 200
        assert with_token(expires_at=timezone.now() + timedelta(hours=1)) == 200
        assert with_token(expires_at=timezone.now() - timedelta(seconds=1)) == 401
        assert ApiClient("aria_nonsense").get("/api/goals").status_code == 401

    def test_a_revoked_one_opens_nothing(self):
        secret = make_token()
        ApiToken.objects.get().revoke()
        assert ApiClient(secret).get("/api/goals").status_code == 401

    def test_one_just_seen_is_trusted_for_a_moment_and_no_longer(self, settings, monkeypatch):
        settings.ARIA_TOKEN_SECONDS = 5
        monkeypatch.setattr(models, "just_seen", {})
        secret = make_token(expires_at=timezone.now() + timedelta(hours=1))
        client, clock = ApiClient(secret), Clock()
        monkeypatch.setattr(models, "time", SimpleNamespace(monotonic=clock))
        assert client.get("/api/goals").status_code == 200
        ApiToken.objects.get().revoke()
        clock.now += 4
        assert client.get("/api/goals").status_code == 200
        clock.now += 2
        assert client.get("/api/goals").status_code == 401

    def test_one_just_seen_still_expires(self, settings, monkeypatch):
        settings.ARIA_TOKEN_SECONDS = 5
        monkeypatch.setattr(models, "just_seen", {})
        secret = make_token(expires_at=timezone.now() + timedelta(hours=1))
        assert ApiClient(secret).get("/api/goals").status_code == 200
        [(until, token)] = models.just_seen.values()
        token.expires_at = timezone.now()
        assert ApiClient(secret).get("/api/goals").status_code == 401

    def test_the_secret_is_not_stored(self):
        secret = make_token()
        row = ApiToken.objects.values().get()
        assert secret not in str(row) and secret.startswith(row["prefix"])

    def test_use_is_noted_at_most_once_a_minute(self, django_assert_num_queries):
        client = ApiClient(make_token())
        client.get("/api/goals")
        noted = ApiToken.objects.get().last_used_at
        client.get("/api/goals")
        assert noted is not None and ApiToken.objects.get().last_used_at == noted
        ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
        client.get("/api/goals")
        assert ApiToken.objects.get().last_used_at > noted


class TestBrowserSession:
    def test_a_logged_in_person_may_call_the_api(self, browser_client):
        make_goal()
        assert browser_client.get("/api/goals").json()["total"] == 1

    def test_whatever_token_comes_with_it(self, browser_client):
        assert browser_client.get("/api/goals", HTTP_AUTHORIZATION="Bearer wrong").status_code == 200
        refused = Client().get("/api/goals", HTTP_AUTHORIZATION="Bearer wrong")
        assert (refused.status_code, refused["X-Content-Type-Options"]) == (401, "nosniff")

    def test_but_writes_only_with_the_csrf_token(self, alice):
        client = Client(enforce_csrf_checks=True)
        client.force_login(alice)
        body = {"title": "forged"}
        assert client.post("/api/goals", body, content_type="application/json").status_code == 403
        client.get("/login")
        token = client.cookies["csrftoken"].value
        response = client.post("/api/goals", body, content_type="application/json", headers={"X-CSRFToken": token})
        assert response.status_code == 200


class TestProgram:
    """What a token's request passes by on its short way to the API holds for it as well."""

    def test_has_the_headers_of_the_long_way(self, db):
        token = {"Authorization": f"Bearer {make_token()}"}
        short = Client().get("/api/goals", headers=token)
        long = Client().get("/api/goals", headers=token | {"Origin": "https://elsewhere.example"})
        assert set(long.headers) - set(short.headers) == {"Vary", "X-Frame-Options"}  # for caches, and for frames
        same = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "Cache-Control")
        assert [short[name] for name in same] == [long[name] for name in same]
        assert short["Content-Length"] == str(len(short.content))

    def test_is_compressed_where_that_is_understood(self, db):
        make_goal(description="the same again and " * 50)
        headers = {"Authorization": f"Bearer {make_token()}", "Accept-Encoding": "gzip"}
        response = Client().get("/api/goals", headers=headers)
        assert response["Content-Encoding"] == "gzip"
        assert json.loads(gzip.decompress(response.content))["total"] == 1

    def test_another_host_is_refused(self, db):
        headers = {"Authorization": f"Bearer {make_token()}", "Host": "evil.example"}
        assert Client().get("/api/goals", headers=headers).status_code == 400

    def test_without_https_is_sent_there(self, db, settings):
        settings.SECURE_SSL_REDIRECT = True
        response = Client().get("/api/goals", headers={"Authorization": f"Bearer {make_token()}"})
        assert (response.status_code, response["Location"]) == (301, "https://testserver/api/goals")


class TestTrustedNetwork:
    def test_needs_no_token(self, stranger, settings):
        settings.ARIA_API_AUTH = "none"
        assert stranger.post("/api/goals", {"title": "x"}).status_code == 200

    def test_but_a_foreign_web_page_may_not_write(self, stranger, settings):
        settings.ARIA_API_AUTH = "none"
        response = stranger.post("/api/goals", {"title": "x"}, headers={"Origin": "https://evil.example"})
        assert response.status_code == 401


class TestManners:
    def test_headers(self, api):
        response = api.get("/api/goals", headers={"X-Correlation-ID": "abc-123"})
        assert response["X-Correlation-ID"] == "abc-123"
        assert float(response["X-Response-Time-Ms"]) > 0
        assert len(api.get("/api/goals")["X-Correlation-ID"]) == 8
        assert len(api.get("/api/goals", headers={"X-Correlation-ID": "a\tb c"})["X-Correlation-ID"]) == 8

    def test_unknown_paths(self, stranger):
        response = stranger.get("/api/nowhere")
        assert (response.status_code, response.json()) == (404, {"detail": "Not Found"})

    def test_a_trailing_slash_leads_to_the_path_without(self, api):
        response = api.get("/api/goals/?limit=1")
        assert (response.status_code, response["Location"]) == (307, "/api/goals?limit=1")

    @pytest.mark.parametrize("path", ["/api/foo%0dX:y/", "/api/f%C3%A9%3F/", "/api/foo%0a"])
    def test_odd_paths(self, api, path):
        assert api.get(path).status_code in (307, 404)

    def test_nothing_private_is_cached(self, api, browser_client):
        for response in (api.get("/api/goals"), browser_client.get("/sprint-board"), browser_client.get("/login")):
            assert "no-store" in response["Cache-Control"]

    def test_head_is_get_without_a_body(self, api):
        response = api.head("/api/goals")
        assert response.status_code == 200 and response.content == b""
        assert api.head("/api/export?table=goals").status_code == 200

    def test_a_nul_in_the_query_is_an_error_of_the_caller(self, api):
        assert api.get("/api/goals?status=%00").status_code == 422

    def test_bugs_are_told_apart_and_leak_nothing(self, api, monkeypatch):
        monkeypatch.setattr("apps.goals.api.listed", lambda status: 1 / 0)
        response = api.get("/api/goals")
        assert response.status_code == 500
        assert response.json()["type"] == "ZeroDivisionError" and response.json()["path"] == "/api/goals"

    def test_a_token_opens_no_page(self, api):
        for page in ("/api/docs", "/api/openapi.json", "/sprint-board", "/admin/"):
            assert api.get(page, headers={"Accept": "text/html"}).status_code == 302

    def test_the_reference_is_behind_the_login(self, stranger, browser_client):
        assert stranger.get("/api/docs").status_code == 302
        assert stranger.get("/api/openapi.json").status_code == 302
        page = browser_client.get("/api/docs").content.decode()
        assert "/static/ninja/" in page and "cdn" not in page
        assert browser_client.get("/api/openapi.json").json()["paths"]["/goals"]


class TestHealth:
    def test_is_open_and_asks_the_database(self, stranger):
        body = stranger.get("/api/health").json()
        assert (body["status"], body["database"], body["version"]) == ("healthy", "connected", "3.0.0")
        assert isinstance(body["uptime_seconds"], int)

    def test_says_so_when_the_database_is_away(self, stranger, monkeypatch):
        from django.db import OperationalError

        monkeypatch.setattr("apps.warehouse.api.database_error", lambda: OperationalError("gone"))
        response = stranger.get("/api/health")
        assert response.status_code == 503
        assert (response.json()["status"], response.json()["database"]) == ("unhealthy", "disconnected")

    def test_db(self, api):
        body = api.get("/api/health/db").json()
        assert body["status"] == "ok" and body["missing"] == []
        assert body["expected_count"] == body["existing_count"] == len(body["tables"]) == 28
        assert body["pgvector_installed"] is True and "pg_trgm" in body["extensions"]

    def test_stats(self, api):
        from apps.telemetry.models import ActivityLog

        assert api.get("/api/stats").json() == {
            "activities_count": 0, "thoughts_count": 0, "memories_count": 0, "last_activity": None,
        }  # fmt: skip
        ActivityLog.objects.create(action="x")
        assert api.get("/api/stats").json()["activities_count"] == 1
