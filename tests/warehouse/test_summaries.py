"""Summaries of sessions: by a language model, or as an extract that says so."""

import json
from datetime import timedelta

import pytest
from django.conf import settings as site
from django.utils import timezone

from apps.memory.models import SemanticMemory, SessionSummary, WaitingText
from apps.telemetry.models import ActivityLog
from apps.warehouse import api_summaries
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.goals.test_concurrency import at_once
from tests.remote_servers import remote_server
from tests.servers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)  # it is written on another thread
PATH = "/api/memories/summarize-session"
NOTHING = {"summary": "No recent activities to summarize.", "decisions": [], "stored": False}


def said(text):
    return json.dumps({"choices": [{"message": {"content": text}}]}).encode()


def make_activity(action="post_published", **over):
    created = over.pop("created_at", None) or timezone.now() - timedelta(hours=over.pop("hours_ago", 1))
    return ActivityLog.objects.create(action=action, created_at=created, **over)


@pytest.fixture(autouse=True)
def without_embeddings(settings):
    settings.ARIA_EMBEDDINGS = "off"


@pytest.fixture
def litellm(settings):
    settings.LITELLM_MASTER_KEY = "secret"
    with remote_server() as server:
        settings.SERVICE_URLS = site.SERVICE_URLS | {"litellm": server.url}
        yield server


def test_nothing_to_tell(api):
    make_activity(hours_ago=30)
    make_activity("heartbeat")
    make_activity("cron_execution")
    make_activity(details={"message": "health_check of the proxy"})
    assert api.post(PATH).json() == api.post(PATH, {"hours_back": None}).json() == NOTHING
    assert not SessionSummary.objects.exists()


def test_asks_the_model_and_stores_what_it_says(api, litellm):
    make_activity("deployed", skill="ci", details={"message": "version 7"})
    make_activity(hours_ago=30)
    text = {"summary": "It went well.", "decisions": ["Keep it", "", 5, "Drop that"], "tone": "calm", "unresolved": []}
    litellm.body = said(f"Here you are: {json.dumps(text)}")
    answer = api.post(PATH, {"hours_back": "24"}).json()
    assert (answer["summary"], answer["decisions"]) == ("It went well.", ["Keep it", "Drop that"])
    assert answer["stored"] is True and answer["pending"] is False
    assert litellm.asked == ["/v1/chat/completions"] and litellm.headers[0]["Authorization"] == "Bearer secret"
    asked = json.loads(litellm.bodies[0])
    assert (asked["model"], asked["max_tokens"], asked["temperature"]) == ("kimi", 500, 0.3)
    assert "ci deployed version 7" in asked["messages"][0]["content"]
    assert "post_published" not in asked["messages"][0]["content"]
    kept = {str(text.id): text for text in WaitingText.objects.all()}
    summary, *decisions = (kept[memory_id] for memory_id in answer["ids"])
    assert (summary.content, summary.category, summary.importance) == ("It went well.", "episodic", 0.7)
    assert summary.source == "conversation_summary"
    assert summary.metadata == {"original_length": 13, "hours_back": 24, "activity_count": 1, "tone": "calm"}
    assert [(d.content, d.category, d.importance) for d in decisions] == [
        ("Keep it", "decision", 0.8), ("Drop that", "decision", 0.8),
    ]  # fmt: skip
    assert api.get(f"{PATH}/{answer['id']}").json() == answer


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        ("It was a quiet day.", "It was a quiet day."),
        ('{"summary": ""}', '{"summary": ""}'),
        ("{broken}", "{broken}"),
        (
            '{"summary": "a\\u0000b", "decisions": "x", "tone": {}}',
            '{"summary": "a\\u0000b", "decisions": "x", "tone": {}}',
        ),
        ("a\0b", "ab"),
        ("x" * 9_000, "x" * 2_000),
    ],
)
def test_whatever_the_model_says_is_kept(api, litellm, text, summary):
    make_activity()
    litellm.body = said(text)
    answer = api.post(PATH).json()
    assert (answer["summary"], answer["decisions"]) == (summary, [])


@pytest.mark.parametrize(
    ("code", "body", "reason"),
    [
        (500, b"", "HTTP 500"),
        (200, b"", "an answer that is no JSON"),
        (200, b"[]", "holds no text"),
        (200, said(None), "holds no text"),
        (200, said(" "), "wrote nothing"),
        (200, b'{"choices": [{"message": {"content": "\\ud800"}}]}', "no JSON"),
    ],
)
def test_without_the_model_it_is_an_extract_that_says_so(api, litellm, code, body, reason):
    make_activity("deployed", skill="ci", details={"message": "version 7"})
    make_activity("failed", skill="ci", success=False, hours_ago=2)
    litellm.code, litellm.body = code, body
    answer = api.post(PATH).json()
    assert answer["summary"].startswith("Session with 2 activities (auto-summary failed: ")
    for part in (reason, "Extract without a language model", "deployed (1)", "ci (2)", "Failed: 1", "version 7"):
        assert part in answer["summary"]
    assert answer["stored"] is True and WaitingText.objects.get(id=answer["ids"][0]).category == "episodic"


def test_no_model_is_configured(api):
    make_activity()
    assert "not configured" in api.post(PATH).json()["summary"]


def test_a_slow_model_goes_on_in_the_background(api, litellm, monkeypatch):
    monkeypatch.setattr(api_summaries, "PATIENCE", 0.01)
    make_activity()
    with remote_server(body=said("Late, but here."), wait=1) as slow:
        site.SERVICE_URLS["litellm"] = slow.url
        answer = api.post(PATH, headers={"Idempotency-Key": "k"}).json()
        assert (answer["pending"], answer["stored"], answer["ids"]) == (True, False, [])
        wait_until(lambda: not api.get(f"{PATH}/{answer['id']}").json()["pending"], 60)
    done = api.get(f"{PATH}/{answer['id']}").json()
    assert done["summary"] == "Late, but here." and done["stored"] is True
    assert api.post(PATH, headers={"Idempotency-Key": "k"}).json() == done
    assert WaitingText.objects.count() == 1


def test_what_ended_with_the_site_does_not_stay_pending(api):
    lost = SessionSummary.objects.create(hours_back=24, requested_at=timezone.now() - timedelta(hours=1))
    answer = api.get(f"{PATH}/{lost.id}").json()
    assert answer["pending"] is False and answer["stored"] is False and "ask anew" in answer["summary"]


def test_with_embeddings_it_can_be_found(api, settings):
    settings.ARIA_EMBEDDINGS = "local"
    make_activity()
    [memory_id] = api.post(PATH).json()["ids"]
    assert str(SemanticMemory.objects.get().id) == memory_id


@pytest.mark.parametrize("body", [b"", b"[]", b'{"hours_back": "long"}', b'{"hours_back": -1}', b'{"hours_back": 1e9}'])
def test_bad_bodies(api, body):
    assert api.post(PATH, body).status_code == 422


def test_an_unknown_summary(api):
    assert api.get(f"{PATH}/00000000-0000-4000-8000-000000000000").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_tries_at_once_ask_for_one_summary(litellm):
    secret = make_token()
    make_activity()
    litellm.body = said("Fine.")

    def work(_):
        return ApiClient(secret).post(PATH, headers={"Idempotency-Key": "k"}).json()["id"]

    assert len(set(at_once(work, range(4), 4))) == 1
    wait_until(lambda: SessionSummary.objects.get().answer)
    assert len(litellm.asked) == 1


def test_answers_are_kept_for_a_month(api):
    old = SessionSummary.objects.create(hours_back=1, requested_at=timezone.now() - timedelta(days=31))
    SessionSummary.objects.create(hours_back=1, requested_at=timezone.now() - timedelta(days=29))
    assert list(SessionSummary.objects.forgotten()) == [old]
