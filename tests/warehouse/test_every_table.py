"""Records and export of a real warehouse, whose older tables no model describes."""

import orjson

from tests.conftest import ApiClient
from tests.factories import make_token
from tests.warehouse.databases import tables, value


def test_every_table_of_an_adopted_warehouse_can_be_read_and_exported(adopted):
    client = ApiClient(make_token())
    names = tables()
    assert len(names) == 44
    for name in names:
        body = client.get(f"/api/records?table={name}&limit=1000").json()
        exported = orjson.loads(client.get(f"/api/export?table={name}").getvalue())["records"]
        assert len(exported) == body["total"] == value(f"SELECT count(*) FROM {name}")
        assert exported[:1000] == body["records"]
        assert client.get(f"/api/export?table={name}&format=csv").getvalue()
