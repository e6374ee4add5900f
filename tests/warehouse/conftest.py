import pytest

from tests.warehouse.databases import DUMP, adopt, connected, database


@pytest.fixture(scope="package")
def loaded(django_db_blocker):
    """The template of `warehouse`."""
    from apps.warehouse import dump

    with django_db_blocker.unblock(), database("aria_loaded") as name:
        with connected(name):
            dump.load(DUMP)
        yield name


@pytest.fixture(scope="package")
def taken_over(loaded, django_db_blocker):
    """The template of `adopted`."""
    with django_db_blocker.unblock(), database("aria_taken_over", loaded) as name:
        with connected(name):
            adopt("--apply")
        yield name


@pytest.fixture
def empty(django_db_blocker):
    with django_db_blocker.unblock(), database("aria_adopt") as name, connected(name):
        yield


@pytest.fixture
def warehouse(loaded, django_db_blocker):
    """An existing warehouse that no site has adopted."""
    with django_db_blocker.unblock(), database("aria_adopt", loaded) as name, connected(name):
        yield


@pytest.fixture
def adopted(taken_over, django_db_blocker):
    with django_db_blocker.unblock(), database("aria_adopt", taken_over) as name, connected(name):
        yield
