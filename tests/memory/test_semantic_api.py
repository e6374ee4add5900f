"""Storing texts and finding them by meaning. The bundled model is real here; it loads in a moment."""

import json
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from apps.core.actors import Actor
from apps.core.models import Change
from apps.memory import embeddings, semantic_search
from apps.memory.models import Memory, SemanticMemory, WaitingText
from apps.memory.semantic_search import found

pytestmark = pytest.mark.django_db
SKILL = Actor("token", "skill")
LOCAL = "multilingual-e5-small"
TEXTS = {
    "fruit": "Apples and pears are ripe in September.",
    "proxy": "The proxy restarted during the night and lost two requests.",
    "money": "The invoice of the language model was forty dollars.",
}
# A thousand rows, of which ten are rare; their vectors lie around thirteen centres.
MANY = """
INSERT INTO semantic_memories (content, category, importance, embedding, site_embedding_model)
SELECT 'row ' || n, CASE WHEN n %% 100 = 0 THEN 'rare' ELSE 'common' END, n %% 1000 / 1000.0,
       (SELECT array_agg(sin(n * d * 0.37 + d) + cos(n %% 13 * d)) || array_fill(0::float8, ARRAY[704])
          FROM generate_series(1, 64) d)::vector(768), %s
  FROM generate_series(1, 1000) n;
ANALYZE semantic_memories"""


def make_semantic(content="A text", *, embedding=None, model=LOCAL, **over):
    vector = embedding or embeddings.current().embed(content, "passage")
    return SemanticMemory.objects.create(content=content, embedding=vector, embedding_model=model, **over)


def search(api, query, **params):
    return api.get("/api/memories/search", {"query": query, **params})


def contents(response):
    assert response.status_code == 200, response.content
    return [memory["content"] for memory in response.json()["memories"]]


@pytest.fixture
def three(db):
    return {name: make_semantic(text) for name, text in TEXTS.items()}


class TestStore:
    def test_stores_the_text_with_its_vector(self, api):
        answer = api.post("/api/memories/semantic", {"content": TEXTS["proxy"]}).json()
        stored = SemanticMemory.objects.get()
        assert answer == {"id": str(stored.id), "stored": True, "embedded": True, "detail": ""}
        assert (stored.content, stored.summary) == (TEXTS["proxy"], TEXTS["proxy"])
        assert (stored.category, stored.importance, stored.source) == ("general", 0.5, "api")
        assert stored.metadata == {"original_length": len(TEXTS["proxy"])}
        assert stored.embedding_model == LOCAL
        assert len(stored.embedding) == 768 and not any(stored.embedding[384:])

    def test_keeps_what_is_given(self, api):
        body = {"content": "x" * 300, "category": "c", "importance": "0.9", "source": "s", "metadata": {"a": 1}}
        api.post("/api/memories/semantic", body)
        stored = SemanticMemory.objects.get()
        assert (stored.summary, stored.category, stored.importance, stored.source) == ("x" * 100, "c", 0.9, "s")
        assert stored.metadata == {"original_length": 300, "a": 1}

    @pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": None}, {"content": " \n"}])
    def test_content_is_required(self, api, body):
        response = api.post("/api/memories/semantic", body)
        assert (response.status_code, response.json()) == (400, {"detail": "content is required"})

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b'{"content": {}}',
            b'{"content": "a\\u0000b"}',
            b'{"content": "\\ud800"}',
            b'{"content": "x", "importance": "much"}',
            b'{"content": "x", "importance": 1e300}',
            b'{"content": "x", "id": "1"}',
            b'{"content": "x", "category": "' + b"c" * 51 + b'"}',
            b'{"content": "' + b"x" * 1_000_000 + b'"}',
        ],
    )
    def test_bad_bodies(self, api, body):
        assert api.post("/api/memories/semantic", body).status_code == 422
        assert not SemanticMemory.objects.exists() and not WaitingText.objects.exists()

    @pytest.mark.parametrize(
        "content", ["word " * 20_000, "日本" * 20_000, "\u202e<script>'; DROP TABLE x; --", "\ufeff", "%s"]
    )
    def test_any_text_comes_back_as_it_was(self, api, content):
        assert api.post("/api/memories/semantic", {"content": content}).json()["stored"] is True
        assert contents(search(api, "text")) == [content]

    def test_a_retry_is_one_memory(self, api):
        for body, headers in (({"content": "x"}, {"Idempotency-Key": "k"}), ({"content": "y", "id": str(uuid4())}, {})):
            first, second = (api.post("/api/memories/semantic", body, headers=headers).json() for _ in range(2))
            assert first == second
        assert SemanticMemory.objects.count() == 2

    def test_the_history_knows_who_it_was_and_nothing_of_the_vector(self, api):
        api.post("/api/memories/semantic", {"content": "x"})
        change = Change.objects.get(table_name="semantic_memories")
        assert change.actor_name == "skill" and not {"embedding", "site_embedding_model"} & change.after.keys()

    def test_noise(self, api, settings):
        settings.ARIA_NOISE_FILTER = True
        dropped = {"stored": False, "skipped": True, "reason": "test_or_noise_payload"}
        for body in ({"content": "a test"}, {"content": "x", "source": "test_runner"}):
            assert api.post("/api/memories/semantic", body).json() == dropped
        assert api.post("/api/memories/semantic", {"content": "the latest contest"}).json()["stored"] is True


class TestSearch:
    def test_the_nearest_comes_first(self, api, three):
        answer = search(api, "When are fruits harvested?", limit=2).json()
        best = answer["memories"][0]
        assert best.keys() == {
            "id", "content", "summary", "category", "metadata", "importance", "source", "created_at", "accessed_at",
            "access_count", "similarity",
        }  # fmt: skip
        assert best["id"] == str(three["fruit"].id) and best["metadata"] == {}
        assert len(answer["memories"]) == 2 and answer["mode"] == "vector" and answer["note"] == ""
        assert 1 > best["similarity"] > answer["memories"][1]["similarity"] > 0

    def test_what_is_found_counts_as_used_and_is_no_edit(self, api, three):
        Change.objects.all().delete()
        for count in (1, 2):
            found_one = search(api, "fruit", limit=1).json()["memories"][0]
            assert found_one["access_count"] == count and found_one["accessed_at"]
        assert sorted(SemanticMemory.objects.values_list("access_count", flat=True)) == [0, 0, 2]
        assert not Change.objects.exists()

    @pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
    def test_filters(self, api, mode):
        old = timezone.now() - timedelta(hours=30)
        make_semantic("proxy old", created_at=old, category="a", importance=0.9, source="s")
        make_semantic("proxy new", category="b", importance=0.1, source="t")
        for filters in ({"category": "a"}, {"min_importance": 0.5}, {"source": "s"}):
            assert contents(search(api, "proxy", mode=mode, **filters)) == ["proxy old"]
        assert contents(search(api, "proxy", mode=mode, hours=24)) == ["proxy new"]
        assert len(contents(search(api, "proxy", mode=mode, category="", min_importance=0))) == 2

    def test_by_words(self, api, three):
        make_semantic("Error XJ-4711 of the proxy")
        assert contents(search(api, "what is XJ-4711 of the proxy", mode="text"))[0] == "Error XJ-4711 of the proxy"
        assert contents(search(api, "dollars PROXY", mode="text", limit=9)) != []
        assert contents(search(api, "a ?", mode="text")) == []

    @pytest.mark.parametrize("filters", [{}, {"min_importance": 0.1}])
    @pytest.mark.parametrize("restarts", [0, 5])
    def test_every_word_comes_first_where_too_many_have_one(self, api, off, monkeypatch, restarts, filters):
        monkeypatch.setattr(semantic_search, "PER_WORD", 2)
        for text in (*["The proxy"] * 5, *["A restart"] * restarts, "The PROXY after its restart"):
            make_semantic(text, embedding=[1.0] * 768)
        found = search(api, "proxy restart", mode="text", limit=2, **filters)
        assert contents(found)[0] == "The PROXY after its restart" and len(contents(found)) == 2

    @pytest.mark.parametrize("limit", [10, 21, 22])
    def test_as_many_as_are_wanted_however_many_have_every_word(self, api, off, limit):
        for text in (*["The proxy after its restart"] * 21, "A proxy"):
            make_semantic(text, embedding=[1.0] * 768)
        found = contents(search(api, "proxy restart", mode="text", limit=limit))
        assert len(found) == limit and found.count("A proxy") == (limit == 22)

    def test_both_ways_at_once(self, api, three):
        make_semantic("XJ-4711", model="another")
        found = search(api, "XJ-4711 proxy restart", mode="hybrid", limit=10).json()["memories"]
        assert found[0]["content"] == TEXTS["proxy"] and len(found) == 4
        assert {memory["content"]: memory["similarity"] for memory in found}["XJ-4711"] is None

    def test_common_words_give_way(self, monkeypatch):
        """Which of very many memories with a word come is chance, so none does, unless nothing else is found."""
        monkeypatch.setattr(semantic_search, "PER_WORD", 4)
        for text in (*["The proxy"] * 30, "A quokka", "The proxy bit a quokka"):
            make_semantic(text, embedding=[-1.0, 1.0] * 384)
        for _ in range(30):
            make_semantic("Plums", embedding=[1.0] * 768)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE semantic_memories")

        def by_words(query, model):
            rows = found(SKILL, {"min_importance": 0.1}, query, [1.0] * 768, model, "hybrid", 4)
            return [memory.content for memory in rows if memory.alike]

        assert by_words("proxy quokka", LOCAL) == ["The proxy bit a quokka", "A quokka"]
        assert len(by_words("proxy", LOCAL)) == 2
        assert by_words("proxy platypus", LOCAL) == []
        assert by_words("proxy quokka", "another") == ["The proxy bit a quokka", "A quokka", "The proxy", "The proxy"]

    def test_vectors_of_different_models_are_never_compared(self, api, three):
        other = make_semantic("Fruit", embedding=three["fruit"].embedding, model="another")
        with connection.cursor() as cursor:  # a writer that knows nothing of models
            cursor.execute(
                "INSERT INTO semantic_memories (content, embedding) SELECT 'foreign', embedding FROM semantic_memories"
                " WHERE id = %s", [other.id]
            )  # fmt: skip
        assert SemanticMemory.objects.get(content="foreign").embedding_model == "nomic-embed-text"
        answer = search(api, "fruit", limit=10)
        assert sorted(contents(answer)) == sorted(TEXTS.values())
        assert "reembed" in answer.json()["note"]

    @pytest.mark.parametrize(("few", "planner"), [(3000, "on"), (0, "on"), (0, "off")])
    def test_finds_as_many_as_there_are_and_the_right_ones(self, monkeypatch, few, planner):
        """Against an exact search, under filters that leave a hundredth; by the copies of the vectors, by any plan
        past them, and by the vectors' index."""
        monkeypatch.setattr(semantic_search, "FEW", few)
        with connection.cursor() as cursor:
            cursor.execute(MANY, [LOCAL])
            cursor.execute(f"SET LOCAL enable_sort = {planner}")
        hits = wanted = 0
        for number in range(12):
            vector = list(SemanticMemory.objects.get(content=f"row {number * 71 + 3}").embedding)
            for filters in (
                {"category": "rare"},
                {"min_importance": 0.99},
                {"category": "rare", "min_importance": 0.8},
                {},
            ):
                memories = SemanticMemory.objects.narrowed(**filters).of_model(LOCAL)
                exact = {row["id"] for row in memories.exactly_nearest(vector, 8)}
                got = {memory.id for memory in found(SKILL, filters, "", vector, LOCAL, "vector", 8)}
                assert len(got) == len(exact)
                hits, wanted = hits + len(got & exact), wanted + len(exact)
        assert hits / wanted >= 0.95

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "query=x&limit=-1",
            "query=x&limit=1001",
            "query=x&mode=best",
            "query=x&hours=-1",
            "query=x&min_importance=nan",
            "query=x&category=a%00",
            "query=" + "x" * 2001,
        ],
    )
    def test_bad_parameters(self, api, query):
        assert api.get(f"/api/memories/search?{query}").status_code == 422

    @pytest.mark.parametrize(
        "query", ["", " ", "%", "\u202e", "a\0b", "'; --", "\\", "\udce4".encode("utf8", "surrogatepass")]
    )
    @pytest.mark.parametrize("mode", ["vector", "text", "hybrid"])
    def test_any_text_may_be_looked_for(self, api, three, query, mode):
        response = api.get(f"/api/memories/search?mode={mode}&query={quote(query)}")
        assert response.status_code == 200, response.content
        json.loads(response.content)

    def test_nothing(self, api):
        answer = {"memories": [], "query": "x", "mode": "vector", "note": ""}
        assert search(api, "x").json() == answer
        assert search(api, "x", limit=0).json() == answer

    def test_is_one_statement(self, api, three, django_assert_num_queries):
        search(api, "another proxy", mode="text")
        with django_assert_num_queries(6):  # the token, other models, the savepoint twice, settings, the search
            assert len(contents(search(api, "proxy", mode="hybrid"))) == 3


class TestWithoutEmbeddings:
    def test_the_text_waits(self, api, off):
        body = {"content": "Waits", "category": "c", "metadata": {"a": 1}, "id": str(uuid4())}
        answer = api.post("/api/memories/semantic", body).json()
        assert (answer["id"], answer["stored"], answer["embedded"]) == (body["id"], True, False)
        assert "switched off" in answer["detail"]
        assert api.post("/api/memories/semantic", body).json() == answer
        waiting = WaitingText.objects.get()
        assert (waiting.content, waiting.category, waiting.actor_name) == ("Waits", "c", "skill")
        assert waiting.metadata == {"original_length": 5, "a": 1}

    def test_search_goes_by_words_and_says_so(self, api, three, off):
        answer = search(api, "proxy").json()
        assert [m["content"] for m in answer["memories"]] == [TEXTS["proxy"]]
        assert answer["mode"] == "text" and "switched off" in answer["note"]
        assert search(api, "proxy", mode="hybrid").json()["mode"] == "text"

    def test_search_by_vector_alone_fails_in_the_contracts_words(self, api, three, off):
        response = search(api, "proxy", mode="vector")
        assert response.status_code == 502
        assert response.json()["detail"].startswith("Embedding generation failed: ")


@pytest.mark.parametrize("word", ["semantic", "summarize-session"])
def test_the_words_of_routes_are_keys_too(api, word):
    Memory.objects.create(key=word, value=1)
    assert api.get(f"/api/memories/{word}").json()["value"] == 1
    assert api.delete(f"/api/memories/{word}").json() == {"deleted": True, "key": word}
    assert not Memory.objects.exists()


def test_search_as_a_key_can_be_forgotten(api):
    Memory.objects.create(key="search", value=1)
    assert api.delete("/api/memories/search").json()["deleted"] is True and not Memory.objects.exists()
