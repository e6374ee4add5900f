"""Thousands of generated requests, valid and broken ones: nothing fails, and each answer is as the API describes it.

The requests are the same in each run: the edges of what each parameter may be, and a few by chance. `max-examples`
is how many of the latter; a hundred times as many are worth a try now and then.
"""

import json

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks as openapi_checks

from aria_site.api import api
from tests.contract.calls import ADMIN_TOKEN, ROWS
from tests.factories import make_token

CONFIG = {
    "seed": 20260216,
    "generation": {
        "max-examples": 3,
        "deterministic": True,
        "database": "none",
        "no-shrink": True,
        "with-security-parameters": False,
    },
    "suppress-health-check": ["all"],
    "phases": {"coverage": {"unexpected-methods": []}},
    # Half of the requests name a row that is there.
    "dictionaries": {name: {"values": [value]} for name, value in ROWS.items()},
    "parameters": {f"path.{name}": {"dictionary": name, "probability": 0.5} for name in ROWS},
}
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore:Skipped test cases with unsupported payload media types"),  # NDJSON
]

schema = schemathesis.openapi.from_dict(
    json.loads(json.dumps(api.get_openapi_schema())), config=SchemathesisConfig.from_dict(CONFIG)
)
schema.app = get_wsgi_application()
schema.location = "/api/openapi.json"


@pytest.fixture
def keep_connection():
    """The end of a request closes the connection, which here holds the test's transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def headers(warehouse, surroundings, keep_connection):
    return {
        "Authorization": f"Bearer {make_token('admin')}",
        "X-Admin-Token": ADMIN_TOKEN,
        "Accept-Encoding": "identity",
    }


# A summary is stored by a thread of its own, past the transaction.
@schema.exclude(path="/memories/summarize-session", method="POST").parametrize()
def test_keeps_its_word(case, headers):
    with transaction.atomic():  # the next request finds the warehouse as this one found it
        case.call_and_validate(checks=CHECKS, headers=headers)
        transaction.set_rollback(True)
