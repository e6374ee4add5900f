"""The skills that keep and find: memories, knowledge, summaries, search."""

import pytest

from apps.telemetry.models import ActivityLog
from tests.skills.conftest import run
from tests.skills.tables import NOBODY, Fails, walk

pytestmark = pytest.mark.django_db(transaction=True)
TEA = "The kettle in the kitchen is broken, so tea takes ten minutes."


def first(key, value):
    """Of the first of the rows that are found."""
    return lambda found: found["memories"][0][key] == value


def test_memory(site, connect):
    rows = [
        ("set_memory", {"key": "a/b", "value": {"text": "x" * 500}, "category": "notes"}, {"upserted": True}),
        ("set_memory", {"key": "", "value": 1}, Fails("key")),
        ("get_memory", {"key": "a/b"}, lambda memory: memory["value"] == {"text": "x" * 500}),
        ("get_memory", {"key": "nobody"}, lambda memory: memory is None),
        ("list_memories", {"category": "notes"}, lambda page: len(page["items"][0]["value"]) == 200),
        ("delete_memory", {"key": "a/b"}, {"deleted": True}),
        ("get_memory", {"key": "a/b"}, lambda memory: memory is None),
        ("memorize_text", {"content": TEA, "category": "kitchen", "importance": 0.9}, {"stored": True}),
        ("memorize_text", {"content": TEA, "importance": 2}, Fails("importance")),
        ("search_memories", {"query": "broken kettle", "mode": "text"}, first("content", TEA)),
        ("search_memories", {"query": "kettle", "category": "garden"}, lambda found: found["memories"] == []),
        ("search_memories", {"query": "kettle", "limit": 1000}, Fails("limit")),
        ("note_thought", {"content": "Tea can wait.", "category": "planning"}, {"created": True}),
        ("list_thoughts", {}, lambda page: page["items"][0]["content"] == "Tea can wait."),
    ]
    walk(connect(site.url), "memory", rows)


def test_working_memory(site, connect):
    def item(seen):
        return {"item_id": seen["remember"]["id"]}

    rows = [
        ("remember", {"key": "task", "value": {"step": 1}, "ttl_hours": 24}, {"upserted": True}),
        ("remember", {"key": "task", "value": None}, Fails("value is required")),
        ("recall", {"key": "task"}, lambda page: page["items"][0]["value"] == {"step": 1}),
        ("weigh", lambda seen: item(seen) | {"importance": 1}, {"importance": 1.0}),
        ("weigh", {"item_id": NOBODY, "importance": 1}, Fails("404")),
        ("get_context", {}, lambda context: context["context"][0]["key"] == "task"),
        ("restore_checkpoint", {}, Fails("404")),
        ("save_checkpoint", {}, {"items_checkpointed": 1}),
        ("forget", item, {"deleted": True}),
        ("forget", item, Fails("404")),
        ("restore_checkpoint", {}, {"items_restored": 1}),
        ("recall", {}, {"total": 1}),
        ("drop_expired", {"dry_run": True}, {"matched": 0, "dry_run": True}),
    ]
    walk(connect(site.url), "working_memory", rows)


def test_conversation_summary(site, connect):
    ActivityLog.objects.create(action="compare", details={"message": "Both models answered."})
    kept = {"summary": "We compared two models.", "decisions": ["Use the cheaper one."], "topic": "models"}
    rows = [
        ("summarize_session", {}, {"stored": True, "pending": False}),
        ("get_session_summary", lambda seen: {"summary_id": seen["summarize_session"]["id"]}, {"stored": True}),
        ("summarize_session", {"hours_back": -1}, Fails("hours_back")),
        ("get_session_summary", {"summary_id": NOBODY}, Fails("404")),
        ("keep_summary", kept, lambda data: data["stored"] and len(data["ids"]) == 2),
        ("keep_summary", {"summary": "x", "decisions": [""]}, Fails("decisions")),
        (
            "find_summaries",
            {"query": "the cheaper model"},
            lambda found: found["memories"][0]["content"] == "Use the cheaper one.",
        ),
        ("find_summaries", {"query": ""}, Fails("query")),
    ]
    walk(connect(site.url), "conversation_summary", rows)


def test_knowledge_graph(site, connect):
    rows = [
        ("add_entity", {"name": "PostgreSQL", "entity_type": "technology"}, {"created": True}),
        ("add_entity", {"name": "Aria", "entity_type": "agent"}, {"created": True}),
        ("add_entity", {"name": "Aria"}, Fails("entity_type")),
        ("relate", {"from_entity": "Aria", "relation_type": "uses", "to_entity": "PostgreSQL"}, {"created": True}),
        ("relate", {"from_entity": "Aria", "relation_type": "uses", "to_entity": "nobody"}, Fails("no entity nobody")),
        ("relate", {"from_entity": "Aria", "relation_type": "uses", "to_entity": NOBODY}, Fails("409")),
        ("search_knowledge", {"query": "postgre"}, lambda found: found[0]["name"] == "PostgreSQL"),
        ("explore_knowledge", {"start": "PostgreSQL"}, {"relations": ["Aria uses PostgreSQL"], "total_entities": 2}),
        ("explore_knowledge", {"start": "PostgreSQL", "limit": 1}, {"relations": [], "total_entities": 2}),
        ("explore_knowledge", {"start": "nobody"}, Fails("not found")),
        ("list_entities", {"entity_type": "agent"}, lambda found: [entity["name"] for entity in found] == ["Aria"]),
    ]
    walk(connect(site.url), "knowledge_graph", rows)


def test_unified_search(site, connect):
    async def fill(api):
        for filled in (
            api.create_activity("brew", details={"message": "The kettle boiled"}),
            api.set_memory("kettle", "red"),
            api.store_memory_semantic(TEA),
            api.create_entity("kettle", "thing"),
            api.record_lesson("kettle_timeout", "timeout", "Wait ten minutes."),
        ):
            assert (await filled).success

    def everywhere(data):
        found = data["hits"]
        assert [hit["kind"] for hit in found["texts"]] == ["activities", "memories"]
        assert found["meaning"][0]["text"] == TEA and found["knowledge"][0]["name"] == "kettle"
        return found["lessons"][0]["error_pattern"] == "kettle_timeout" and data["failed"] == {}

    rows = [
        ("search_everything", {"query": "kettle"}, everywhere),
        (
            "search_everything",
            {"query": "kettle", "sources": ["knowledge"]},
            lambda data: [*data["hits"]] == ["knowledge"],
        ),
        ("search_everything", {"query": "samovar", "sources": ["texts", "lessons"]}, {"hits": {}, "failed": {}}),
        ("search_everything", {"query": "k"}, Fails("query")),
        (
            "search_texts",
            {"query": "kettle", "kind": "memories"},
            lambda hits: [hit["text"] for hit in hits] == ["red"],
        ),
        ("list_tables", {}, lambda tables: "goals" in tables),
        ("read_table", {"table": "memories"}, {"total": 1}),
        ("read_table", {"table": "site_token"}, Fails("Invalid table")),
    ]
    run(connect(site.url), fill)
    walk(connect(site.url), "unified_search", rows)
