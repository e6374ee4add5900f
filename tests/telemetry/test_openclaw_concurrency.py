"""Syncs beside each other and beside the skills, each on a thread and a connection of its own."""

import json
from uuid import UUID, uuid5

import pytest
from django.db import connection

from apps.telemetry.models import AgentSession, ModelUsage
from apps.telemetry.stale import update_stale
from tests.conftest import ApiClient
from tests.factories import make_token
from tests.goals.test_concurrency import at_once
from tests.remote_servers import remote_server
from tests.servers import running_site, wait_until
from tests.telemetry.rows import ago, make_session, make_usage

pytestmark = pytest.mark.django_db(transaction=True)
NAMESPACE = UUID("0e6fb78b-7809-4b90-a5e4-16f39f307220")
KEYS = [f"agent:a:{number}" for number in range(40)]


def entry(key, **over):
    return {"id": key.replace(":", "-"), "key": key, "createdAt": "2026-02-16T21:00:00"} | over


def row_id(key):
    return uuid5(NAMESPACE, f"openclaw_key:{key}")


def send(client, entries):
    response = client.post("/api/sessions/import-openclaw", entries)
    assert response.status_code == 200, response.content


def test_imports_at_once_in_any_order_store_each_session_once():
    secret = make_token()

    def work(number):
        keys = KEYS if number % 2 else KEYS[::-1]
        unkeyed = [{"id": key.replace(":", "-")} for key in keys[:20]]
        send(ApiClient(secret), [entry(key, label=f"of {number}") for key in keys] if number % 4 else unkeyed)

    at_once(work, range(24), threads=8)
    send(ApiClient(secret), [entry(key) for key in KEYS])
    assert set(AgentSession.objects.values_list("pk", flat=True)) == {row_id(key) for key in KEYS}


def test_no_import_takes_back_what_skills_report_meanwhile():
    secret = make_token()
    send(ApiClient(secret), [entry(key) for key in KEYS])

    def work(number):
        client = ApiClient(secret)
        if number % 2:
            send(client, [entry(key, label=f"of {number}", updatedAt=4000000000000) for key in KEYS])
        else:
            body = {"status": "completed", "tokens_used": number}
            assert client.patch(f"/api/sessions/{row_id(KEYS[number // 2])}", body).status_code == 200

    at_once(work, range(60), threads=8)
    closed = AgentSession.objects.filter(pk__in=[row_id(key) for key in KEYS[:30]])
    assert {(row.status, row.ended_at is None) for row in closed} == {("completed", False)}
    assert sorted(row.tokens_used for row in closed) == list(range(0, 60, 2))
    assert AgentSession.objects.filter(status="active", ended_at=None).count() == 10


def test_calls_that_arrive_while_a_session_gets_its_key_stay_with_it():
    secret = make_token()
    unkeyed = [{"id": key.replace(":", "-")} for key in KEYS]
    send(ApiClient(secret), unkeyed)
    ids = [uuid5(NAMESPACE, f"openclaw:{told['id']}") for told in unkeyed]

    def work(number):
        client = ApiClient(secret)
        if number % 10 == 5:
            send(client, [entry(key) for key in KEYS])
            return 0
        return client.post("/api/model-usage", {"model": "m", "session_id": str(ids[number % 40])}).status_code == 200

    stored = sum(at_once(work, range(60), threads=8))
    assert ModelUsage.objects.count() == stored and not ModelUsage.objects.filter(session=None).exists()


def test_stale_ones_are_marked_beside_reports():
    secret = make_token()
    sessions = [make_session(started_at=ago(days=3)) for _ in range(40)]

    def work(number):
        if number % 3 == 0:
            update_stale()
        elif number % 3 == 1:
            make_usage(session=sessions[number // 3])
        else:
            ApiClient(secret).patch(f"/api/sessions/{sessions[number // 3 + 20].id}", {"tokens_used": 1})

    at_once(work, range(60), threads=8)
    update_stale()
    assert AgentSession.objects.filter(status="active", ended_at=None).count() == 40


def holder():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted"
            " AND application_name = 'aria-site live sync of sessions' AND datname = current_database()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def test_of_two_sites_one_syncs_until_it_ends(monkeypatch):
    def told(session):
        return json.dumps([{"id": session}]).encode()

    def is_there(session):
        return lambda: AgentSession.objects.filter(metadata__openclaw_session_id=session).exists()

    with remote_server(body=told("first")) as gateway:
        monkeypatch.setenv("CLAWDBOT_URL", gateway.url)
        monkeypatch.setenv("OPENCLAW_SESSIONS_SYNC_INTERVAL_SECONDS", "1")
        with running_site(with_duties=True) as first, running_site(with_duties=True):
            wait_until(is_there("first"), 30)
            (before,) = holder()
            first.stop()
            gateway.body = told("second")
            wait_until(is_there("second"), 30)
            wait_until(lambda: len(holder()) == 1 and holder() != [before], 30)
