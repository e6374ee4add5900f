from typing import Any


class Conflict(Exception):
    """A writer names a revision that the row no longer has; `row` is what it is now."""

    def __init__(self, row: Any) -> None:
        super().__init__("Someone else has changed this in the meantime.")
        self.row = row

    def current(self) -> dict[str, Any]:
        return {field.attname: getattr(self.row, field.attname) for field in self.row._meta.concrete_fields}
