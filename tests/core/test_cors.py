"""Web pages of other origins, as a browser lets them in."""

import pytest

pytestmark = pytest.mark.django_db
DASHBOARD = "https://dashboard.example"


@pytest.fixture
def allowed(settings):
    settings.CORS_ALLOWED_ORIGINS = [DASHBOARD]


def preflight(client, path="/api/goals", origin=DASHBOARD):
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return client.options(path, headers=asked | {"Access-Control-Request-Headers": "authorization, idempotency-key"})


def test_by_default_no_origin_may(stranger, api):
    assert "Access-Control-Allow-Origin" not in preflight(stranger)
    assert "Access-Control-Allow-Origin" not in api.get("/api/goals", headers={"Origin": DASHBOARD})


def test_a_preflight_needs_no_token(stranger, allowed):
    response = preflight(stranger)
    assert response.status_code == 200 and response["Access-Control-Allow-Origin"] == DASHBOARD
    headers = response["Access-Control-Allow-Headers"]
    assert {"authorization", "content-type", "idempotency-key", "if-match"} <= set(headers.split(", "))
    assert {"PATCH", "DELETE"} <= set(response["Access-Control-Allow-Methods"].split(", "))


def test_answers_and_errors_can_be_read(api, stranger, allowed):
    for client, status in ((api, 200), (stranger, 401)):
        response = client.get("/api/goals", headers={"Origin": DASHBOARD})
        assert (response.status_code, response["Access-Control-Allow-Origin"]) == (status, DASHBOARD)
        assert {"X-Correlation-ID", "RateLimit-Remaining", "ETag"} <= set(
            response["Access-Control-Expose-Headers"].split(", ")
        )


def test_other_origins_may_not(api, stranger, allowed):
    assert "Access-Control-Allow-Origin" not in preflight(stranger, origin="https://evil.example")
    assert "Access-Control-Allow-Origin" not in api.get("/api/goals", headers={"Origin": f"{DASHBOARD}.evil.example"})


def test_only_the_api_is_open(stranger, allowed):
    assert "Access-Control-Allow-Origin" not in preflight(stranger, "/login")


def test_on_a_trusted_network_an_allowed_page_may_write(stranger, settings, allowed):
    settings.ARIA_API_AUTH = "none"
    answers = [
        stranger.post("/api/goals", {"title": "x"}, headers={"Origin": origin}).status_code
        for origin in (DASHBOARD, "https://evil.example")
    ]
    assert answers == [200, 401]
