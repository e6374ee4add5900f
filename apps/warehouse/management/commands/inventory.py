import json
from dataclasses import asdict
from datetime import UTC, datetime

from django.core.management.base import BaseCommand, CommandParser

from apps.warehouse import inventory

LAYOUT = "{:<28} {:>13} {:>10}  {:<12} {:<20} {}"


class Command(BaseCommand):
    help = (
        "List all tables of the database: rows, size, domain, model and last write (UTC). "
        "A number with ~ is the catalogue's estimate, for tables too large to count at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts; sizes in bytes")

    def handle(self, *, json: bool, **options: object) -> None:
        entries = inventory.tables()
        if json:
            self.stdout.write(as_json(entries))
            return
        self.stdout.write(LAYOUT.format("table", "rows", "size", "domain", "model", "last write"))
        for entry in entries:
            self.stdout.write(line(entry))
        site = sum(entry.is_site for entry in entries)
        size = sum(entry.size for entry in entries)
        self.stdout.write(f"{len(entries) - site} tables of the warehouse, {site} of the site, {as_size(size)}")


def as_json(entries: list[inventory.Entry]) -> str:
    return json.dumps([asdict(entry) for entry in entries], indent=2, default=datetime.isoformat)


def line(entry: inventory.Entry) -> str:
    rows = f"{'~' if entry.is_estimate else ''}{entry.rows:,}"
    moment = entry.last_write.astimezone(UTC).strftime("%Y-%m-%d %H:%M") if entry.last_write else "-"
    return LAYOUT.format(entry.table, rows, as_size(entry.size), entry.domain, entry.model or "-", moment)


def as_size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
