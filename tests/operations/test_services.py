"""The services around the site, played by small servers on loopback."""

import pytest

from apps.operations import services
from tests.remote_servers import remote_server as service
from tests.servers import free_port

pytestmark = pytest.mark.django_db
HOST = b'{"ram": {"used_gb": 3.5, "total_gb": 8, "percent": 44}, "smart": {"status": "PASSED", "healthy": true}}'


@pytest.fixture(autouse=True)
def nothing_configured(settings):
    settings.SERVICE_URLS = dict.fromkeys(settings.SERVICE_URLS, "")
    settings.ARIA_HOST_STATS_URL = ""


class TestStatus:
    def test_names_all_services(self, api):
        body = api.get("/api/status").json()
        assert set(body) == {
            "grafana", "prometheus", "ollama", "litellm", "clawdbot", "pgadmin", "browser", "traefik", "aria-web",
            "aria-api", "postgres",
        }  # fmt: skip
        assert body["postgres"] == {"status": "up", "code": 200}
        assert body["grafana"] == {"status": "down", "code": None, "error": "not configured"}

    def test_a_working_a_broken_and_an_absent_one(self, api, settings):
        with service() as well, service(503) as ill, service(401) as shy, service(302) as moved:
            settings.SERVICE_URLS |= {
                "ollama": well.url + "/", "litellm": ill.url, "pgadmin": shy.url, "browser": moved.url,
                "grafana": f"http://127.0.0.1:{free_port()}", "traefik": "nonsense", "aria-web": "http://[",
            }  # fmt: skip
            body = api.get("/api/status").json()
            assert (well.asked, moved.asked) == (["/api/tags"], ["/"])
        assert body["ollama"] == {"status": "up", "code": 200}
        assert body["pgadmin"] == {"status": "up", "code": 401}
        assert body["browser"] == {"status": "up", "code": 302}
        assert body["litellm"] == {"status": "down", "code": None, "error": "HTTP 503"}
        for name in ("grafana", "traefik", "aria-web"):
            assert (body[name]["status"], body[name]["code"]) == ("down", None)
            assert 0 < len(body[name]["error"]) <= 50

    def test_slow_ones_are_not_waited_for_long(self, api, settings, monkeypatch):
        monkeypatch.setattr(services, "PROBE_SECONDS", 1.5)
        with service(wait=60) as slow, service(drip=True) as dripping, service() as well:
            settings.SERVICE_URLS |= {"grafana": slow.url, "ollama": dripping.url, "browser": well.url}
            body = api.get("/api/status").json()
        assert body["grafana"]["error"] == body["ollama"]["error"] == "no answer in time"
        assert body["browser"]["status"] == "up"

    def test_answers_serve_for_some_seconds(self, api, settings):
        with service() as well:
            settings.SERVICE_URLS["grafana"] = well.url
            for _ in range(3):
                api.get("/api/status")
                api.get("/api/status/grafana")
            assert well.asked == ["/api/health"]

    def test_costs_one_query(self, api, django_assert_num_queries):
        api.get("/api/status")
        with django_assert_num_queries(2):  # the token's among them
            api.get("/api/status")

    def test_a_database_that_is_away(self, api, monkeypatch):
        monkeypatch.setattr(services, "database_answers", lambda: False)
        assert api.get("/api/status").json()["postgres"] == {"status": "down", "code": None}
        assert api.get("/api/status/postgres").json() == {"status": "offline", "code": None}


class TestOneService:
    def test_in_its_own_words(self, api, settings):
        with service() as well, service(500) as ill:
            settings.SERVICE_URLS |= {"aria-web": well.url, "litellm": ill.url}
            assert api.get("/api/status/aria-web").json() == {"status": "online", "code": 200}
            assert api.get("/api/status/litellm").json() == {"status": "offline", "code": 500}
        assert api.get("/api/status/grafana").json() == {"status": "offline", "code": None}
        assert api.get("/api/status/postgres").json() == {"status": "online", "code": 200}

    @pytest.mark.parametrize("name", ["mlx", "nobody", "127.0.0.1:1", "http:%2F%2Fexample.org", "GRAFANA"])
    def test_nothing_else_is_asked(self, api, name):
        response = api.get(f"/api/status/{name}")
        assert (response.status_code, response.json()["detail"] in ("Unknown service", "Not Found")) == (404, True)


class TestHost:
    def test_what_its_agent_says(self, api, settings):
        with service(body=HOST) as agent:
            settings.ARIA_HOST_STATS_URL = agent.url + "/stats"
            body = api.get("/api/host-stats").json()
            api.get("/api/host-stats")
            assert agent.asked == ["/stats"]
        assert list(body) == ["ram", "swap", "disk", "smart", "timestamp", "source"]
        assert (body["source"], body["ram"]["used_gb"], body["smart"]["status"]) == ("host", 3.5, "PASSED")
        assert body["disk"] == {"used_gb": 0, "total_gb": 500, "percent": 0}

    @pytest.mark.parametrize(
        "agent",
        [{"code": 500, "body": HOST}, {"body": b"{"}, {"body": b"[1]"}, {"body": b" " * 200_000}, {"wait": 5}],
    )
    def test_an_agent_that_says_nothing_of_use(self, api, settings, monkeypatch, agent):
        monkeypatch.setattr(services, "HOST_SECONDS", 0.5)
        with service(**agent) as server:
            settings.ARIA_HOST_STATS_URL = server.url
            self.is_unavailable(api)

    @pytest.mark.parametrize("address", ["", "nonsense", "http://127.0.0.1:1/stats"])
    def test_no_agent(self, api, settings, address):
        settings.ARIA_HOST_STATS_URL = address
        self.is_unavailable(api)

    def is_unavailable(self, api):
        body = api.get("/api/host-stats").json()
        assert body.pop("timestamp").endswith("+00:00")
        assert body == {
            "ram": {"used_gb": 0, "total_gb": 16, "percent": 0},
            "swap": {"used_gb": 0, "total_gb": 0, "percent": 0},
            "disk": {"used_gb": 0, "total_gb": 500, "percent": 0},
            "smart": {"status": "unknown", "healthy": True},
            "source": "unavailable",
        }
