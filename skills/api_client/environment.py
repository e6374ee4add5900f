"""Where the site is, and where this host keeps what is meant for it."""

import os
from pathlib import Path

DEFAULT_URL = "http://127.0.0.1:8000/api"
CHECKOUT = Path(__file__).parents[2]


def api_url() -> str:
    return os.environ.get("ARIA_API_URL") or DEFAULT_URL


def data_dir() -> Path:
    """`ARIA_DATA_DIR`; else the `.aria` of the checkout, where a site ran in it, else that of the user."""
    beside = CHECKOUT / ".aria"
    default = beside if beside.is_dir() else Path.home() / ".aria"
    return Path(os.environ.get("ARIA_DATA_DIR") or default).expanduser()


def api_token(folder: Path) -> str | None:
    """`ARIA_API_TOKEN`; else the one that a site on this host made at its first start, if this user may read it."""
    if token := os.environ.get("ARIA_API_TOKEN"):
        return token
    try:
        return (folder / "api_token").read_text().strip()
    except OSError:
        return None
