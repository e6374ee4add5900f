from datetime import datetime
from typing import Any

from django.utils.http import parse_etags


class Conflict(Exception):
    """A writer names a revision that the row no longer has; `row` is what it is now."""

    def __init__(self, row: Any) -> None:
        super().__init__("Someone else has changed this in the meantime.")
        self.row = row

    def current(self) -> dict[str, Any]:
        return {field.attname: getattr(self.row, field.attname) for field in self.row._meta.concrete_fields}


def revision_of(updated_at: datetime) -> str:
    """What a writer sends back as `If-Match` to say which state of the row it saw."""
    return f'"{updated_at.isoformat()}"'


def fits(if_match: str, updated_at: datetime) -> bool:
    """Is the row's revision among those of an If-Match header? Compressed answers carry theirs as W/"..."."""
    revisions = {tag.removeprefix("W/") for tag in parse_etags(if_match)}
    return "*" in revisions or revision_of(updated_at) in revisions
