"""How much a token may ask, and how often somebody may guess one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import RequestFactory

from apps.core import limits
from apps.core.limits import Buckets, address_of
from tests.conftest import ApiClient
from tests.factories import make_token


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def buckets(clock):
    return Buckets(clock)


class TestBucket:
    def test_empties_and_fills_again_steadily(self, buckets, clock):
        left = [buckets.spend("a", 3) for _ in range(4)]
        assert [(b.remaining, b.wait) for b in left] == [(2, 0), (1, 0), (0, 0), (0, 20)]
        assert [b.reset for b in left] == [20, 40, 60, 60]
        clock.now += 19.9
        assert buckets.spend("a", 3).wait == 1
        clock.now += 0.1
        assert [buckets.spend("a", 3).wait for _ in range(2)] == [0, 20]
        clock.now += 3600
        assert [buckets.spend("a", 3).wait for _ in range(4)] == [0, 0, 0, 20]

    def test_is_the_callers_own(self, buckets):
        assert [buckets.spend(caller, 1).wait for caller in "abab"] == [0, 0, 60, 60]

    def test_of_a_great_number(self, buckets):
        assert [buckets.spend("a", 60_000).remaining for _ in range(60_000)] == list(range(59_999, -1, -1))
        assert buckets.spend("a", 60_000).wait == 1

    def test_memory_is_bounded(self, buckets, monkeypatch):
        monkeypatch.setattr(limits, "REMEMBERED", 3)
        for caller in ("a", "b", "c", "a", "d"):
            buckets.spend(caller, 5)
        assert list(buckets.full_at) == ["c", "a", "d"]

    def test_threads_get_no_more_together(self, buckets):
        with ThreadPoolExecutor(16) as threads:
            waits = list(threads.map(lambda _: buckets.spend("a", 500).wait, range(1000)))
        assert waits.count(0) == 500


class TestAddress:
    def of(self, **headers):
        return address_of(RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=headers))

    def test_is_the_peers_where_no_proxy_is_known(self):
        assert self.of(**{"X-Forwarded-For": "1.2.3.4"}) == "10.0.0.1"

    @pytest.mark.parametrize(
        ("proxies", "forwarded", "address"),
        [
            (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
            (2, "6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
            (2, "1.2.3.4", "1.2.3.4"),
            (1, "", "10.0.0.1"),
        ],
    )
    def test_is_what_the_outermost_proxy_saw(self, settings, proxies, forwarded, address):
        settings.ARIA_PROXIES = proxies
        assert self.of(**{"X-Forwarded-For": forwarded}) == address


@pytest.mark.django_db
class TestApi:
    @pytest.fixture(autouse=True)
    def three_a_minute(self, settings):
        settings.ARIA_RATE_LIMIT = 3

    def test_answers_say_what_is_left_and_then_refuse(self, api):
        for left in ("2", "1", "0"):
            response = api.get("/api/goals")
            assert response.status_code == 200
            assert (response["RateLimit-Limit"], response["RateLimit-Remaining"]) == ("3", left)
        response = api.post("/api/goals", {"title": "one too many"})
        assert (response.status_code, response.json()) == (429, {"detail": "Rate limit exceeded: rpm_exceeded"})
        assert 1 <= int(response["Retry-After"]) <= 20 and response["RateLimit-Remaining"] == "0"
        assert "X-Correlation-ID" in response

    def test_each_token_has_its_own(self, api, reader):
        assert [api.get("/api/goals").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert reader.get("/api/goals").status_code == 200

    def test_refused_and_broken_requests_count_too(self, api):
        assert [api.post("/api/goals", {}).status_code for _ in range(4)] == [422, 422, 422, 429]

    def test_a_batch_is_one_request(self, api):
        items = [{"kind": "heartbeat"}] * 50
        response = api.post("/api/telemetry/batch", items)
        assert response.json()["stored"] == 50 and response["RateLimit-Remaining"] == "2"

    def test_costs_no_query(self, api, settings, django_assert_max_num_queries):
        with django_assert_max_num_queries(4) as limited:
            api.get("/api/goals")
        settings.ARIA_RATE_LIMIT = 0
        with django_assert_max_num_queries(len(limited) - 1):  # the token's last use is noted but once
            api.get("/api/goals")

    def test_0_is_no_limit(self, api, settings):
        settings.ARIA_RATE_LIMIT = 0
        responses = [api.get("/api/goals") for _ in range(5)]
        assert {r.status_code for r in responses} == {200} and "RateLimit-Limit" not in responses[0]

    def test_health_and_the_sites_own_pages_are_free(self, stranger, browser_client):
        assert [stranger.get("/api/health").status_code for _ in range(5)] == [200] * 5
        assert [browser_client.get("/api/goals").status_code for _ in range(5)] == [200] * 5
        assert [browser_client.get("/sprint-board").status_code for _ in range(5)] == [200] * 5


@pytest.mark.django_db
class TestWrongTokens:
    ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}

    @pytest.fixture(autouse=True)
    def fresh(self, monkeypatch):
        monkeypatch.setattr(limits, "wrong_tokens", Buckets())
        monkeypatch.setattr(limits, "WRONG_TOKENS", 2)

    def test_an_address_may_guess_only_so_often(self):
        guesser = ApiClient("aria_wrong", **self.ELSEWHERE)
        assert [guesser.get("/api/goals").status_code for _ in range(3)] == [401, 401, 429]
        response = guesser.get("/api/goals")
        assert response.json() == {"detail": "Rate limit exceeded: wrong_tokens"}
        assert 1 <= int(response["Retry-After"]) <= 30
        assert ApiClient("aria_wrong").get("/api/goals").status_code == 401

    def test_good_tokens_of_the_address_still_open(self):
        for _ in range(3):
            ApiClient("aria_wrong", **self.ELSEWHERE).get("/api/goals")
        assert ApiClient(make_token(), **self.ELSEWHERE).get("/api/goals").status_code == 200

    def test_on_a_trusted_network_no_token_is_wrong(self, settings):
        settings.ARIA_API_AUTH = "none"
        guest = ApiClient("of-an-older-system")
        assert [guest.get("/api/goals").status_code for _ in range(4)] == [200] * 4
