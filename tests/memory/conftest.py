import pytest

from apps.memory import embeddings


@pytest.fixture(scope="session", autouse=True)
def loaded_model():
    """However busy the machine is, the first text is not late."""
    embeddings.current().embed("", "query", 120)


@pytest.fixture
def off(settings):
    settings.ARIA_EMBEDDINGS = "off"
