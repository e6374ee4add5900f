"""What the models cost: the older warehouse's table of prices, which is none of the site's models."""

from typing import Any

from apps.warehouse.demo.agents import MODELS

TABLE = """
CREATE TABLE IF NOT EXISTS model_cost_reference (
    id serial PRIMARY KEY, model varchar(100) NOT NULL, provider varchar(50),
    input_per_1m numeric(12,6), output_per_1m numeric(12,6), noted_at timestamptz DEFAULT now()
)"""
INSERT = "INSERT INTO model_cost_reference (model, provider, input_per_1m, output_per_1m) VALUES (%s, %s, %s, %s)"
UNPRICED = {"nomic-embed-text"}  # so that the demo shows what an unknown cost looks like


def add_prices(cursor: Any) -> None:
    cursor.execute(TABLE)
    priced = [model for model in MODELS if model.name not in UNPRICED]
    cursor.executemany(INSERT, [(model.name, model.provider, model.dollars_in, model.dollars_out) for model in priced])
