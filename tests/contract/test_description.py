"""The API describes all of itself, and what it says is true."""

import json
import re
from collections import Counter, defaultdict

import jsonschema
import pytest
from ninja.openapi.schema import OpenAPISchema

from apps.core.openapi import REASONS
from aria_site.api import api
from aria_site.api_description import TAGS
from tests.contract.calls import described, example_of

OPERATIONS = [
    (method, path, operation) for path, methods in described()["paths"].items() for method, operation in methods.items()
]
WITH_BODY = [(method, path, operation) for method, path, operation in OPERATIONS if "requestBody" in operation]


def named(value):
    return value if isinstance(value, str) else ""


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=named)
class TestEveryOperation:
    def test_is_described(self, method, path, operation):
        assert operation["summary"] and operation["summary"] != operation["operationId"].replace("_", " ").title()
        assert len(operation["tags"]) == 1 and operation["tags"][0] in TAGS
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])

    def test_has_a_schema_for_what_it_answers(self, method, path, operation):
        for status, response in operation["responses"].items():
            assert response["description"]
            assert all(media["schema"] for media in response["content"].values()), status

    def test_names_its_errors(self, method, path, operation):
        errors = operation["responses"].keys() - {200}
        assert errors <= REASONS.keys() and 503 in errors
        assert ({401, 429} <= errors) == (path != "/health")
        assert 403 in errors or method == "get"


@pytest.mark.parametrize(("method", "path", "operation"), WITH_BODY, ids=named)
def test_examples_are_valid(method, path, operation):
    """That they also work is what `test_contract.py` shows."""
    example = example_of(path, method)
    assert example is not None, "a body needs an example: `model_config = example(...)`"
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    jsonschema.validate(example, schema | {"components": described()["components"]})


def test_names_are_told_apart():
    assert max(Counter(operation["operationId"] for _, _, operation in OPERATIONS).values()) == 1


def test_no_two_schemas_share_a_name(monkeypatch):
    """The later one would silently stand for both."""
    seen = defaultdict(set)

    def noting(self, definitions):
        for name, definition in definitions.items():
            seen[name].add(json.dumps(definition, sort_keys=True))
        self.schemas.update(definitions)

    monkeypatch.setattr(OpenAPISchema, "add_schema_definitions", noting)
    api.get_openapi_schema()
    assert [name for name, definitions in seen.items() if len(definitions) > 1] == []


def test_the_whole():
    assert described()["servers"] == [{"url": "/api"}]
    assert [tag["name"] for tag in described()["tags"]] == list(TAGS)
    assert described()["components"]["securitySchemes"]["TokenAuth"] == {"type": "http", "scheme": "bearer"}
