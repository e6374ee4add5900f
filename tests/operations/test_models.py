"""The catalogue of models and the file that it comes from."""

import json
import os
from itertools import count

import pytest

pytestmark = pytest.mark.django_db
EMPTY = {"schema_version": 1, "routing": {}, "agent_aliases": {}, "criteria": {}, "models": {}}
KIMI = {
    "name": "Kimi K2", "tier": "paid", "reasoning": True, "input": ["text", "image"], "contextWindow": 262144,
    "maxTokens": 8192, "cost": {"input": 0.6, "output": 2.5, "cacheRead": 0.15}, "aliases": ["moon"],
    "litellm": {"model": "moonshot/kimi-k2", "api_key": "sk-secret"}, "api_key": "sk-secret",
}  # fmt: skip
stamps = count(1_700_000_000)


@pytest.fixture
def file(settings, tmp_path):
    """Writes the file; each writing is a change, however quick."""
    path = tmp_path / "models.json"
    settings.ARIA_MODELS_FILE = str(path)

    def write(content):
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        moment = next(stamps)
        os.utime(path, (moment, moment))

    return write


class TestConfig:
    @pytest.mark.parametrize("name", ["", "/nowhere/models.json"])
    def test_without_a_file(self, api, settings, name):
        settings.ARIA_MODELS_FILE = name
        assert api.get("/api/models/config").json() == EMPTY
        assert api.get("/api/models/pricing").json() == {}

    def test_shows_models_without_their_keys(self, api, file):
        file({"schema_version": 3, "routing": {"primary": "kimi"}, "criteria": [], "models": {"kimi": KIMI}})
        response = api.get("/api/models/config")
        assert response.json() == EMPTY | {
            "schema_version": 3,
            "routing": {"primary": "kimi"},
            "models": {
                "kimi": {
                    "id": "kimi", "name": "Kimi K2", "tier": "paid", "reasoning": True,
                    "input_types": ["text", "image"],
                    "cost": {"input": 0.6, "output": 2.5, "cacheRead": 0.15, "cacheWrite": 0},
                    "contextWindow": 262144, "maxTokens": 8192, "litellm_model": "moonshot/kimi-k2",
                    "aliases": ["moon"],
                }
            },
        }  # fmt: skip
        assert b"sk-secret" not in response.content

    def test_fills_in_the_defaults(self, api, file):
        file({"models": {"m": {}, "odd": {"cost": 1, "aliases": "x", "input": "audio", "litellm": [], "name": 7}}})
        models = api.get("/api/models/config").json()["models"]
        assert models["m"] == {
            "id": "m", "name": "m", "tier": "unknown", "reasoning": False, "input_types": ["text"],
            "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0}, "contextWindow": 0, "maxTokens": 0,
            "litellm_model": None, "aliases": [],
        }  # fmt: skip
        assert models["odd"] == models["m"] | {"id": "odd", "name": "odd", "input_types": ["audio"]}

    def test_follows_the_file(self, api, file, settings):
        for names in ({"a"}, {"a", "b"}):
            file({"models": dict.fromkeys(names, {})})
            assert api.get("/api/models/config").json()["models"].keys() == names
        os.unlink(settings.ARIA_MODELS_FILE)
        assert api.get("/api/models/config").json() == EMPTY

    @pytest.mark.parametrize(
        "broken",
        [b"", b"{", b"models:\n  kimi: {}\n", b"[]", b'{"models": []}', b'{"models": {"kimi": 1}}', b" " * 4_000_001],
    )
    def test_a_broken_file_leaves_the_last_good_one(self, api, file, broken):
        file({"models": {"kimi": KIMI}})
        assert "notice" not in api.get("/api/models/config").json()
        file(broken)
        for _ in range(2):
            body = api.get("/api/models/config").json()
            assert body["notice"].startswith("The file of models ") and list(body["models"]) == ["kimi"]
        assert "moon" in api.get("/api/models/pricing").json()
        file({"models": {}})
        assert api.get("/api/models/config").json() == EMPTY

    def test_a_folder_in_the_place_of_the_file(self, api, settings, tmp_path):
        settings.ARIA_MODELS_FILE = str(tmp_path)
        assert api.get("/api/models/config").json().keys() == {*EMPTY, "notice"}


class TestPricing:
    def test_goes_by_all_names(self, api, file):
        file({"models": {"kimi": KIMI, "moon": {"aliases": ["kimi"]}}})
        prices = api.get("/api/models/pricing").json()
        kimi = {
            "model_id": "kimi", "input": 0.6, "output": 2.5, "cacheRead": 0.15, "tier": "paid",
            "litellm_model": "moonshot/kimi-k2",
        }  # fmt: skip
        assert prices.keys() == {"kimi", "moonshot/kimi-k2", "moon"}
        assert prices["kimi"] == prices["moonshot/kimi-k2"] == kimi
        assert prices["moon"]["model_id"] == "moon"


class TestReload:
    def test_reads_the_file_anew(self, api, file, settings):
        file({"models": {"kimi": KIMI}})
        api.get("/api/models/config")
        stamp = os.stat(settings.ARIA_MODELS_FILE)
        file({"models": {"luna": KIMI}})  # of the same size; with the same time nothing shows that it has changed
        os.utime(settings.ARIA_MODELS_FILE, ns=(stamp.st_mtime_ns, stamp.st_mtime_ns))
        assert list(api.get("/api/models/config").json()["models"]) == ["kimi"]
        assert api.post("/api/models/reload").json() == {"status": "reloaded", "models_count": 1}
        assert list(api.get("/api/models/config").json()["models"]) == ["luna"]

    def test_tells_what_is_wrong(self, api, file):
        file(b"{")
        response = api.post("/api/models/reload")
        assert response.status_code == 502 and response.json()["detail"].startswith("The file of models is no JSON")

    def test_needs_the_right_to_write(self, reader):
        assert reader.post("/api/models/reload").status_code == 403
        assert reader.get("/api/models/reload").status_code == 405
