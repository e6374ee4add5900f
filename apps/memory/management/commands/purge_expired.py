from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.memory.actions import clean_up
from apps.memory.models import WorkingMemory


class Command(BaseCommand):
    help = "Delete the items of working memory whose time to live is over. Checkpoints keep theirs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        expired = WorkingMemory.objects.expired()
        if dry_run:
            self.stdout.write(f"{expired.count()} expired")
        else:
            self.stdout.write(f"{clean_up(expired)} deleted")
