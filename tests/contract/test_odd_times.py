"""Times that PostgreSQL knows and Python does not, written by another program into every column that holds a time."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from apps.core.admin_base import WarehouseAdmin
from apps.core.models import User
from apps.goals.models import Goal
from tests.conftest import ApiClient
from tests.contract.calls import address_of, described
from tests.factories import make_goal, make_token

ODD = "ARRAY['infinity', '-infinity', '294276-12-31 23:59:59.999999', '0044-03-15 12:00 BC']::timestamptz[]"
READS = [path for path, methods in described()["paths"].items() if "get" in methods]
REGISTERED = [model for model, its in admin.site._registry.items() if isinstance(its, WarehouseAdmin)]


def with_odd_times(model):
    """The statement that gives each time of a row in turn one of the four."""
    names = [f.column for f in model._meta.concrete_fields if isinstance(f, models.DateTimeField)]
    place = "1 + abs(hashtext(ctid::text || {!r})) % 4"
    changes = ", ".join(f"{name} = ({ODD})[{place.format(name)}]" for name in names)
    return f"UPDATE {model._meta.db_table} SET {changes}" if names else "SELECT"


@pytest.fixture
def odd_times(warehouse, db):
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model.__module__.startswith("apps.") and not model._meta.db_table.startswith("site_"):
                cursor.execute(with_odd_times(model))


def test_every_read_of_the_api_survives(odd_times, surroundings):
    client = ApiClient(make_token("admin"))
    broken = {}
    for path in READS:
        response = client.get(address_of(path))
        if response.status_code >= 500:
            broken[path] = response.content[:300]
    assert READS and not broken


def test_pages_survive(odd_times):
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    pages = ["/sprint-board?sprint=all", "/goals/archive", reverse("goal", args=[Goal.objects.all()[0].pk])]
    for model in REGISTERED:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        pages.append(reverse(f"{name}_changelist"))
        pages += [reverse(f"{name}_change", args=[pk]) for pk in model.objects.values_list("pk", flat=True)[:4]]
    assert {page: status for page in pages if (status := client.get(page).status_code) != 200} == {}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("infinity", "9999-12-31T23:59:59.999999+00:00"),
        ("10000-01-01", "9999-12-31T23:59:59.999999+00:00"),
        ("9999-12-31 23:59:59", "9999-12-31T23:59:59+00:00"),
        ("0001-01-01", "0001-01-01T00:00:00+00:00"),
        ("0044-03-15 BC", "0001-01-01T00:00:00+00:00"),
        ("-infinity", "0001-01-01T00:00:00+00:00"),
    ],
)
def test_they_read_as_the_nearest_time_and_stay_as_written(written, read):
    goal = make_goal()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE goals SET due_date = %s::timestamptz WHERE id = %s", [written, goal.pk])
        client = ApiClient(make_token())
        assert client.get(f"/api/goals/{goal.pk}").json()["due_date"] == read
        assert client.get("/api/goals").json()["items"][0]["due_date"] == read
        assert client.patch(f"/api/goals/{goal.pk}", {"title": "Renamed"}).status_code == 200
        cursor.execute("SELECT due_date = %s::timestamptz FROM goals WHERE id = %s", [written, goal.pk])
        assert cursor.fetchone() == (True,)


@pytest.mark.django_db
def test_dates_and_times_without_a_zone_too():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'infinity'::date, '-infinity'::timestamp, '20000-01-01'::date, '2026-01-02'::date")
        assert [str(value) for value in cursor.fetchone()] == [
            "9999-12-31",
            "0001-01-01 00:00:00",
            "9999-12-31",
            "2026-01-02",
        ]
