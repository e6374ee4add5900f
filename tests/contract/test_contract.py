"""Every endpoint of the wire contract: what it answers has the documented keys and types.

`endpoints.json` holds what the older system answered; keys beyond those are no harm.
"""

import json
from pathlib import Path

import pytest

from tests.conftest import ApiClient
from tests.contract.calls import ADMIN_TOKEN, address_of, example_of
from tests.factories import make_token

ENDPOINTS = json.loads((Path(__file__).parent / "endpoints.json").read_text())
IN_THE_BACKGROUND = "/memories/summarize-session"
KINDS = {"str": str, "int": int, "float": (int, float), "bool": bool, "object": dict, "list": list}
# Any JSON, which happened to be of one type in the older system's answers; and a rate that was always 100.
ANYTHING = {("GET /memories/{key}", "value"), ("PATCH /working-memory/{item_id}", "value")}
NUMBERS = {("GET /model-usage/stats", "success_rate")}
MAY_BE_EMPTY = {("GET /skills/health/dashboard", "degraded_skills")}


def named(endpoint):
    return f"{endpoint['method']} {endpoint['path']}"


@pytest.fixture
def call(warehouse, db, surroundings):
    client = ApiClient(make_token("admin"))

    def call(method, path):
        """Send the example of the endpoint at `path`, which may come with `/api` or without."""
        path = path.removeprefix("/api") if path.startswith("/api/") else path
        body = example_of(path, method)
        return client.generic(
            method,
            address_of(path),
            json.dumps(body) if body else "",
            "application/json",
            headers={"X-Admin-Token": ADMIN_TOKEN},
        )

    return call


@pytest.mark.django_db
@pytest.mark.parametrize("endpoint", [e for e in ENDPOINTS if e["path"] != IN_THE_BACKGROUND], ids=named)
def test_answers_as_documented(call, endpoint):
    is_as_documented(endpoint, call(endpoint["method"], endpoint["path"]))


def is_as_documented(endpoint, response):
    assert response.status_code == 200, response.content
    if response["Content-Type"].startswith("text/plain"):
        return
    body = json.loads(response.getvalue())
    has_keys(body, endpoint["keys"])
    has_types(body, named(endpoint), endpoint.get("types", {}))
    for name, keys in endpoint.get("items", {}).items():
        has_items(items_at(body, name), keys, may_be_empty=(named(endpoint), name) in MAY_BE_EMPTY)


def has_keys(body, keys):
    """`a | b` is one of the two, `a?` may be missing."""
    for key in keys:
        assert key.endswith("?") or body.keys() & set(key.split(" | ")), f"{key} is missing in {body}"


def has_types(body, name, types):
    for key, kind in types.items():
        if kind == "null" or (name, key) in ANYTHING:
            continue
        kinds = KINDS["float"] if (name, key) in NUMBERS else KINDS[kind]
        assert isinstance(body[key], kinds), f"{key} is {body[key]!r}, not {kind}"
        assert kind == "bool" or not isinstance(body[key], bool), f"{key} is a bool, not {kind}"


def items_at(body, name):
    """`[]` is a bare list, `<service>` any key of an object."""
    if name == "[]":
        return body
    return list(body.values()) if name.startswith("<") else body[name]


def has_items(items, keys, *, may_be_empty):
    assert items or may_be_empty, "the list is empty and shows nothing"
    for item in items:
        if isinstance(keys, str):
            assert isinstance(item, KINDS[keys])
        else:
            has_keys(item, keys)
