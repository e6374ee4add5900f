"""The catalogue of language models: the JSON file that ARIA_MODELS_FILE names, read anew when it changes.

A file that is broken, as one half written is, leaves the last good catalogue in place, with a notice.
"""

import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings

logger = logging.getLogger(__name__)
LARGEST = 4_000_000  # bytes; a catalogue is some kilobytes
NO_COST = {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}
SECTIONS = ("routing", "agent_aliases", "criteria")


class BrokenCatalogue(Exception):
    """The file is there, but no catalogue."""


@dataclass(frozen=True)
class Catalogue:
    schema_version: Any = 1
    sections: dict[str, Any] = field(default_factory=lambda: {name: {} for name in SECTIONS})
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    priced: frozenset[str] = frozenset()  # ids of those whose cost the file states; others' is no price, but a default

    def config(self) -> dict[str, Any]:
        return {"schema_version": self.schema_version, **self.sections, "models": self.models}

    def pricing(self) -> dict[str, dict[str, Any]]:
        """By a model's id, the name that LiteLLM has for it, and its aliases; an id goes before another's alias."""
        prices: dict[str, dict[str, Any]] = {}
        for model in self.models.values():
            for name in filter(None, (model["litellm_model"], *model["aliases"])):
                prices.setdefault(name, price_of(model))
        return prices | {key: price_of(model) for key, model in self.models.items()}


def price_of(model: dict[str, Any]) -> dict[str, Any]:
    cost = {name: model["cost"][name] for name in ("input", "output", "cacheRead")}
    return {"model_id": model["id"], **cost, "tier": model["tier"], "litellm_model": model["litellm_model"]}


class CatalogueFile:
    """What was last read of a file: the catalogue, of which state of the file, and what was wrong with it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.path = ""
        self.stamp: tuple[int, int, int] | None = None
        self.catalogue = Catalogue()
        self.problem = ""

    def current(self, *, anew: bool = False) -> tuple[Catalogue, str]:
        """The catalogue, empty without a file; and what keeps it from being today's, empty where nothing does."""
        with self.lock:
            if self.path != settings.ARIA_MODELS_FILE:
                self.path, self.stamp = settings.ARIA_MODELS_FILE, None
                self.catalogue, self.problem = Catalogue(), ""
            if self.path:
                self.refresh(anew)
            return self.catalogue, self.problem

    def refresh(self, anew: bool) -> None:
        try:
            stamp = stamp_of(self.path)
            if anew or stamp != self.stamp:
                self.stamp = stamp
                self.catalogue, self.problem = (read(self.path) if stamp else Catalogue()), ""
        except (BrokenCatalogue, OSError) as error:
            reason = str(error) if isinstance(error, BrokenCatalogue) else f"cannot be read: {error.strerror}"
            self.problem = f"The file of models {reason}"
            logger.warning("%s: %s", self.path, self.problem)


latest = CatalogueFile()


def stamp_of(path: str) -> tuple[int, int, int] | None:
    """Changes when the file does; None where there is none."""
    try:
        found = Path(path).stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read(path: str) -> Catalogue:
    """Raises:
    BrokenCatalogue, OSError
    """
    with Path(path).open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BrokenCatalogue(f"is larger than {LARGEST} bytes")
    try:
        parsed = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise BrokenCatalogue(f"is no JSON: {error}") from error
    models = parsed.get("models", {}) if isinstance(parsed, dict) else None
    if not isinstance(models, dict):
        raise BrokenCatalogue("holds no models")
    sections = {name: part(parsed, name) for name in SECTIONS}
    described = {key: model_of(key, entry) for key, entry in models.items()}
    priced = frozenset(key for key, entry in models.items() if is_priced(part(entry, "cost")))
    return Catalogue(parsed.get("schema_version", 1), sections, described, priced)


def model_of(key: str, entry: Any) -> dict[str, Any]:
    """What the site shows of a model: only what is named here, so that no key of an account gets out."""
    if not isinstance(entry, dict):
        raise BrokenCatalogue(f"has something else than a model as {key!r}")
    inputs = entry.get("input_types", entry.get("input"))
    litellm = part(entry, "litellm")
    return {
        "id": key,
        "name": text(entry.get("name")) or key,
        "tier": text(entry.get("tier")) or "unknown",
        "reasoning": bool(entry.get("reasoning", False)),
        "input_types": [inputs] if isinstance(inputs, str) else texts(inputs) or ["text"],
        "cost": {name: number(value) for name, value in (NO_COST | part(entry, "cost")).items()},
        "contextWindow": number(entry.get("contextWindow")),
        "maxTokens": number(entry.get("maxTokens")),
        "litellm_model": text(entry.get("litellm_model")) or text(litellm.get("model")),
        "aliases": texts(entry.get("aliases")),
    }


def is_priced(cost: dict[str, Any]) -> bool:
    return all(is_number(cost.get(name)) for name in ("input", "output"))


def part(entry: dict[str, Any], name: str) -> dict[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def texts(values: Any) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def number(value: Any) -> int | float:
    return value if is_number(value) else 0


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
