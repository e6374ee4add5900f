"""Sessions from the gateway and from the session files of the agent's runtime."""

import json
import os
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core import remote
from apps.telemetry.models import AgentSession
from apps.telemetry.openclaw import files
from apps.telemetry.openclaw.sources import Watch
from tests.remote_servers import remote_server
from tests.servers import free_port

pytestmark = pytest.mark.django_db
TOLD = json.dumps({"sessions": [{"id": "s-1", "agentId": "aria", "status": "active"}, {"no": "id"}]}).encode()


@pytest.fixture(autouse=True)
def unconfigured(settings):
    settings.SERVICE_URLS = settings.SERVICE_URLS | {"clawdbot": ""}
    settings.OPENCLAW_AGENTS_DIR = settings.CLAWDBOT_TOKEN = ""


@pytest.fixture
def gateway(settings):
    with remote_server(body=TOLD) as server:
        settings.SERVICE_URLS = settings.SERVICE_URLS | {"clawdbot": server.url + "/"}
        yield server


@pytest.fixture
def folder(settings, tmp_path):
    settings.OPENCLAW_AGENTS_DIR = str(tmp_path)
    return tmp_path


def write_index(folder, index, agent="main"):
    path = folder / agent / "sessions" / "sessions.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(index if isinstance(index, bytes) else json.dumps(index).encode())


class TestNothingConfigured:
    def test_says_so(self, api):
        live, synced = api.get("/api/sessions/live").json(), api.post("/api/sessions/sync-live").json()
        assert live.pop("error") == synced.pop("error")
        assert live == {"sessions": [], "count": 0, "source": "openclaw_volume"}
        assert synced == {
            "fetched": 0, "synced": 0, "source": "openclaw_volume", "performed": True, "interval_seconds": 30,
        }  # fmt: skip

    def test_the_command_too(self):
        with pytest.raises(CommandError, match="not configured: neither CLAWDBOT_URL nor OPENCLAW_AGENTS_DIR"):
            call_command("sync_sessions")


class TestGateway:
    def test_is_asked_with_its_token(self, api, gateway, settings):
        settings.CLAWDBOT_TOKEN = "sesame"
        assert api.get("/api/sessions/live").json() == {
            "sessions": json.loads(TOLD)["sessions"], "count": 2, "source": "openclaw_live",
        }  # fmt: skip
        assert gateway.asked == ["/api/sessions"] and gateway.headers[0]["Authorization"] == "Bearer sesame"
        assert not AgentSession.objects.exists()

    def test_sync(self, api, gateway):
        assert api.post("/api/sessions/sync-live").json() == {
            "fetched": 2, "synced": 1, "source": "openclaw_live", "performed": True, "interval_seconds": 30,
        }  # fmt: skip
        row = AgentSession.objects.get()
        assert (row.agent_id, row.metadata["source"]) == ("aria", "openclaw_live")

    def test_by_command(self, gateway):
        out = StringIO()
        call_command("sync_sessions", stdout=out)
        assert out.getvalue() == "1 sessions of openclaw_live\n" and AgentSession.objects.count() == 1

    @pytest.mark.parametrize(
        ("code", "body", "reason"),
        [
            (500, b"", "HTTP 500"),
            (404, b"", "HTTP 404"),
            (302, b"", "HTTP 302"),
            (200, b'{"sessions": [', "no JSON"),
            (200, b"[" * 5000, "no JSON"),
        ],
    )
    def test_that_fails(self, api, gateway, code, body, reason):
        gateway.code, gateway.body = code, body
        for response in (api.get("/api/sessions/live"), api.post("/api/sessions/sync-live")):
            assert response.status_code == 200
            assert response.json()["error"].startswith("gateway unavailable since ")
            assert reason in response.json()["error"]

    def test_that_is_not_there(self, api, settings):
        settings.SERVICE_URLS = settings.SERVICE_URLS | {"clawdbot": f"http://127.0.0.1:{free_port()}"}
        assert "gateway unavailable since" in api.post("/api/sessions/sync-live").json()["error"]

    def test_that_is_too_slow(self, api, settings, monkeypatch):
        monkeypatch.setattr("apps.telemetry.openclaw.sources.GATEWAY_SECONDS", 0.3)
        with remote_server(body=TOLD, wait=60) as server:
            settings.SERVICE_URLS = settings.SERVICE_URLS | {"clawdbot": server.url}
            assert "no answer in time" in api.get("/api/sessions/live").json()["error"]

    @pytest.mark.parametrize("body", [b"null", b"5", b"{}", b'{"sessions": {}}', b"[]", b'[5, "x", null, [[]]]'])
    def test_that_tells_nothing_of_use(self, api, gateway, body):
        gateway.body = body
        answer = api.post("/api/sessions/sync-live").json()
        assert answer["synced"] == 0 and "error" not in answer

    def test_that_tells_what_no_column_holds(self, api, gateway):
        hostile = {"id": "a\0b", "label": "\0" * 9 + "x" * 9000, "model": "<script>", "contextTokens": 10**18}
        gateway.body = json.dumps([hostile, {"id": "c", "agentId": "\0", "contextTokens": 1e308}]).encode()
        assert api.post("/api/sessions/sync-live").json()["synced"] == 2
        session = AgentSession.objects.get(metadata__openclaw_session_id="ab").metadata["openclaw_session"]
        assert len(session["label"]) < 501 and session["model"] == "<script>"

    def test_serves_no_address_of_the_caller(self, api, gateway):
        with remote_server() as elsewhere:
            api.post("/api/sessions/sync-live", {"url": elsewhere.url, "api_url": elsewhere.url})
            assert not elsewhere.asked and len(gateway.asked) == 1

    @pytest.mark.parametrize("path", ["sync-live", "import-openclaw"])
    def test_needs_the_right(self, reader, stranger, gateway, path):
        assert reader.post(f"/api/sessions/{path}").status_code == 403
        assert stranger.post(f"/api/sessions/{path}").status_code == 401
        assert stranger.get("/api/sessions/live").status_code == 401 and not gateway.asked

    def test_wrong_methods(self, api):
        assert api.post("/api/sessions/live").status_code == 405
        assert api.get("/api/sessions/sync-live").status_code == 405


class TestFiles:
    def test_serve_where_the_gateway_tells_nothing(self, api, gateway, folder):
        gateway.code = 404
        when = 1771277400000
        entry = {"sessionId": "s-1", "updatedAt": when, "lastChannel": "Slack", "model": "m", "contextTokens": 5}
        write_index(folder, {"agent:aria:main": entry | {"origin": {"label": "L"}}})
        assert api.get("/api/sessions/live").json() == {
            "sessions": [
                {
                    "id": "s-1", "sessionId": "s-1", "agentId": "aria", "session_type": "openclaw_main",
                    "status": "active", "updatedAt": when, "createdAt": when, "label": "L", "channel": "slack",
                    "model": "m", "contextTokens": 5, "source_key": "agent:aria:main",
                }
            ],
            "count": 1,
            "source": "openclaw_volume",
        }  # fmt: skip
        assert api.post("/api/sessions/sync-live").json()["synced"] == 1
        row = AgentSession.objects.get()
        assert (row.agent_id, row.metadata["openclaw_source_channel"]) == ("aria", "slack")
        assert row.started_at.isoformat() == "2026-02-16T21:30:00+00:00"

    @pytest.mark.parametrize(
        ("key", "entry", "session_id", "agent", "kind"),
        [
            ("agent:a:cron:0b1c-22d3", {}, "0b1c-22d3", "a", "openclaw_cron"),
            ("agent:a:subagent:1234567-:x", {}, "1234567-", "a", "openclaw_subagent"),
            ("agent:a:x-y:run:5", {}, "5", "a", "openclaw_run"),
            ("whatsapp:49", {"sessionId": "s"}, "s", "folder", "openclaw"),
            ("agent:a:main", {"origin": {"provider": "heartbeat"}}, "main", "a", "openclaw_heartbeat"),
            ("agent", {}, "agent", "folder", "openclaw"),
            ("", {"sessionId": "s"}, "s", "folder", "openclaw"),
        ],
    )
    def test_keys(self, folder, key, entry, session_id, agent, kind):
        write_index(folder, {key: entry}, "folder")
        (session,), problems = files.read()
        assert (session["id"], session["agentId"], session["session_type"]) == (session_id, agent, kind)
        assert not problems

    def test_the_entry_that_tells_most_is_kept(self, folder):
        entries = {
            "agent:a:run:1": {"sessionId": "s", "updatedAt": 9, "channel": "x", "label": "y"},
            "agent:a:main": {"sessionId": "s"},
            "agent:a:cron:1": {"sessionId": "s"},
            "agent:a:cron:2": {"sessionId": "s", "label": "L", "updatedAt": 5},
            "agent:a:cron:3": {"sessionId": "s", "lastChannel": "c"},
            "agent:a:other": {"sessionId": "t", "label": "L"},
            "agent:b:other": {"sessionId": "t", "label": "L", "updatedAt": 5},
        }
        write_index(folder, entries)
        assert [session["source_key"] for session in files.read()[0]] == ["agent:a:cron:3", "agent:b:other"]

    def test_a_broken_one_costs_no_other(self, api, folder, monkeypatch):
        monkeypatch.setattr(files, "LARGEST", 1000)
        write_index(folder, {"agent:a:main": {"sessionId": "s"}, "odd": 5}, "good")
        write_index(folder, b"{", "torn")
        write_index(folder, b"[]", "list")
        write_index(folder, b" " * 1001, "huge")
        (folder / "pipe" / "sessions").mkdir(parents=True)
        os.mkfifo(folder / "pipe" / "sessions" / "sessions.json")
        answer = api.post("/api/sessions/sync-live").json()
        assert answer["synced"] == 1
        assert answer["error"] == (
            "huge/sessions/sessions.json: larger than 1000 bytes; "
            "list/sessions/sessions.json: no object of sessions; pipe/sessions/sessions.json: no file; "
            "torn/sessions/sessions.json: no JSON"
        )

    def test_no_folder(self, api, folder, settings):
        settings.OPENCLAW_AGENTS_DIR = str(folder / "nowhere")
        assert "no folder" in api.get("/api/sessions/live").json()["error"]

    def test_a_sync_opens_nothing_that_was_closed(self, api, folder):
        write_index(folder, {"agent:a:main": {"sessionId": "s", "updatedAt": 1771277400000}})
        api.post("/api/sessions/sync-live")
        row = AgentSession.objects.get()
        api.patch(f"/api/sessions/{row.id}", {"status": "completed"})
        closed = AgentSession.objects.get()
        write_index(folder, {"agent:a:main": {"sessionId": "s", "updatedAt": 4000000000000}})
        api.post("/api/sessions/sync-live")
        row = AgentSession.objects.get()
        assert (row.status, row.ended_at) == ("completed", closed.ended_at)


def test_the_duty_says_once_what_is_wrong(gateway, caplog):
    watch = Watch()
    gateway.code = 500
    watch(), watch()
    gateway.code = 200
    remote.asker.known.clear()
    watch(), watch()
    assert [record.message.split("since")[0] for record in caplog.records if "live sync" in record.message] == [
        "live sync of sessions: gateway unavailable ", "live sync of sessions: works again",
    ]  # fmt: skip
    assert AgentSession.objects.count() == 1
