import asyncio
import os

import pytest

from skills.api_client import AriaAPIClient, breaker, sender, transport
from tests.factories import make_token
from tests.servers import running_site
from tests.skills.faults import FaultyProxy


@pytest.fixture(scope="package")
def site(django_db_setup):
    """A real one; each test makes its own token."""
    with running_site() as site:
        yield site


@pytest.fixture
def proxy(site):
    """A way to the site on which things go wrong when told."""
    with FaultyProxy(site.url) as proxy:
        yield proxy


@pytest.fixture
def quick(monkeypatch):
    """The client's waits, shortened."""
    monkeypatch.setattr(transport, "BACKOFF", 0.02)
    monkeypatch.setattr(sender, "GATHER", 0.01)
    monkeypatch.setattr(sender, "SHORTEST", 0.05)
    monkeypatch.setattr(sender, "LONGEST", 0.2)
    monkeypatch.setattr(sender, "TIMEOUT", 5.0)
    monkeypatch.setattr(breaker, "REST", 0.3)


@pytest.fixture
def connect(request, tmp_path, quick):
    """Makes clients of one host; without a database they have no token."""
    token, clients = make_token() if request.node.get_closest_marker("django_db") else "none", []

    def connect(url, **options):
        clients.append(AriaAPIClient(f"{url}/api", token, data_dir=tmp_path / "host", **options))
        return clients[-1]

    yield connect
    for client in clients:
        client.sender.close()
        client.store.close()


@pytest.fixture
def host(site, db, tmp_path):
    """The environment of an agent's host."""
    own = {"ARIA_API_URL": f"{site.url}/api", "ARIA_API_TOKEN": make_token(), "ARIA_DATA_DIR": str(tmp_path / "host")}
    return {**os.environ, **own}


def run(client, work):
    """The result of `work(client)`, and then the client is closed."""

    async def whole():
        async with client:
            return await work(client)

    return asyncio.run(whole())
