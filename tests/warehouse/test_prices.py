"""What models cost a million tokens: from the file of models, and beside it from a table that may not be there."""

import json
from decimal import Decimal

import pytest
from django.db import connection

from apps.telemetry.prices import ModelPrice, Prices
from apps.warehouse.prices import FILE, TABLE, update_prices

pytestmark = pytest.mark.django_db
KIMI = {"cost": {"input": 0.6, "output": 2.5}, "litellm": {"model": "moonshot/Kimi-K2"}, "aliases": ["moon"]}


@pytest.fixture
def file(settings, tmp_path):
    path = tmp_path / "models.json"
    settings.ARIA_MODELS_FILE = str(path)

    def write(models):
        path.write_text(models if isinstance(models, str) else json.dumps({"models": models}))
        update_prices()

    return write


@pytest.fixture
def table(settings):
    """Makes `model_cost_reference` of (model, provider, input, output) rows, as it is in older warehouses."""
    settings.ARIA_MODELS_FILE = ""

    def fill(*rows, columns="input_per_1m numeric(12,6), output_per_1m numeric(12,6)"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"DROP TABLE IF EXISTS {TABLE};"
                f"CREATE TABLE {TABLE} (id serial, model varchar(100), provider varchar(50), {columns},"
                " noted_at timestamptz DEFAULT clock_timestamp())"
            )
            cursor.executemany(f"INSERT INTO {TABLE} VALUES (DEFAULT, %s, %s, %s, %s)", rows)
        update_prices()

    return fill


def price(model, provider=None):
    found = Prices().of(model, provider)
    return found and (float(found.input_usd), float(found.output_usd), found.source)


class TestFile:
    def test_prices_go_by_all_names_of_a_model_whatever_their_case(self, file):
        file({"kimi": KIMI})
        for name in ("kimi", "KIMI", "moonshot/kimi-k2", "litellm/moonshot/kimi-k2", "kimi-k2", "moon", "x/moon"):
            assert price(name) == (0.6, 2.5, FILE), name
        assert price("kimi-k3") is None and price("kim") is None and price("") is None and price("kimi/") is None

    def test_a_model_whose_cost_is_not_stated_has_no_price_and_a_free_one_has(self, file):
        file({"a": {}, "b": {"cost": {"input": 1}}, "c": {"cost": {"input": "1", "output": 2}}, "d": {"cost": 3}})
        assert not ModelPrice.objects.exists()
        file({"free": {"cost": {"input": 0, "output": 0}}})
        assert price("free") == (0, 0, FILE)

    def test_what_stands_after_the_slash_is_no_name_of_models_with_different_prices(self, file):
        file(
            {
                "dear/qwen": {"cost": {"input": 3, "output": 9}},
                "cheap/qwen": {"cost": {"input": 1, "output": 2}},
                "one/same": {"cost": {"input": 1, "output": 2}},
                "two/same": {"cost": {"input": 1, "output": 2}},
            }
        )
        assert price("qwen") is None and price("same") == (1, 2, FILE)
        assert price("qwen", "Dear") == (3, 9, FILE) and price("cheap/qwen") == (1, 2, FILE)

    def test_a_models_id_goes_before_anothers_alias(self, file):
        file({"a": {"cost": {"input": 1, "output": 1}, "aliases": ["b"]}, "b": {"cost": {"input": 2, "output": 2}}})
        assert price("b") == (2, 2, FILE)

    @pytest.mark.parametrize("cost", [-1, 1e9, 1e300])
    def test_an_amount_that_cannot_be_one_is_none(self, file, cost):
        file({"odd": {"cost": {"input": cost, "output": 1}}})
        assert price("odd") is None

    def test_odd_names_do_not_stop_the_others(self, file):
        file({"n\0l": KIMI | {"aliases": ["x" * 9000, "", "ok"]}})
        assert price("ok") == (0.6, 2.5, FILE)

    def test_follows_the_file_and_keeps_when_a_price_changed(self, file):
        file({"kimi": KIMI, "gone": KIMI})
        before = ModelPrice.objects.get(name="kimi")
        file({"kimi": KIMI})
        assert price("gone") is None and ModelPrice.objects.get(name="kimi").updated_at == before.updated_at
        file({"kimi": {"cost": {"input": 0.7, "output": 2.5}}})
        after = ModelPrice.objects.get(name="kimi")
        assert after.input_usd == Decimal("0.7") and after.updated_at > before.updated_at

    def test_a_broken_file_leaves_its_last_prices(self, file, settings, tmp_path):
        file({"kimi": KIMI})
        file("{")
        assert price("kimi") == (0.6, 2.5, FILE)
        other = tmp_path / "other.json"
        other.write_text("{")  # as after a restart: nothing good was ever read of it
        settings.ARIA_MODELS_FILE = str(other)
        update_prices()
        assert price("kimi") == (0.6, 2.5, FILE)


class TestTable:
    def test_a_warehouse_without_it_has_no_prices(self, settings):
        settings.ARIA_MODELS_FILE = ""
        update_prices()
        assert not ModelPrice.objects.exists()

    def test_prices_are_those_of_a_provider(self, table):
        table(("kimi", "moonshot", 0.6, 2.5), ("kimi", "elsewhere", 1, 2), ("qwen3", None, 0.1, 0.2))
        assert price("kimi", "moonshot") == (0.6, 2.5, TABLE) and price("kimi", "elsewhere") == (1, 2, TABLE)
        assert price("kimi") is None and price("kimi", "nowhere") is None
        assert price("qwen3", "anywhere") == (0.1, 0.2, TABLE)

    def test_the_newest_row_counts(self, table):
        table(("kimi", "moonshot", 0.6, 2.5), ("kimi", "moonshot", 0.5, 2))
        assert price("kimi") == (0.5, 2, TABLE)

    def test_rows_that_say_nothing_of_use_are_none(self, table):
        table(("a", None, None, 1), (None, "p", 1, 1), ("b", None, "NaN", 1), ("c", "", 1, 1))
        assert list(ModelPrice.objects.values_list("name", flat=True)) == ["c"]

    def test_other_columns_are_read_as_far_as_they_go(self, table):
        table(("a", None, "0.5", "much"), ("b", None, "0.5", "1"), columns="input_per_1m text, output_per_1m text")
        assert price("a") is None and price("b") == (0.5, 1, TABLE)
        table(("b", None, 1, 2), columns="per_token_in float, per_token_out float")
        assert not ModelPrice.objects.exists()

    def test_the_file_goes_before_it(self, table, file):
        table(("kimi", "moonshot", 9, 9), ("other", "moonshot", 8, 8))
        file({"kimi": KIMI})
        assert price("kimi", "moonshot") == (0.6, 2.5, FILE) and price("other") == (8, 8, TABLE)


def test_looks_prices_up_in_one_query(file, django_assert_num_queries):
    file({f"m{number}": KIMI for number in range(300)})
    with django_assert_num_queries(1):
        known = Prices()
        assert known.of("m7", "p") and known.of("m8", None)
