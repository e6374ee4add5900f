from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError
from psycopg.errors import UndefinedTable

from apps.core.actors import Actor
from apps.skillset.manifests import NoSkills
from apps.skillset.sync import sync_skills


class Command(BaseCommand):
    help = (
        "Bring the graph of skills in step with the skills' manifests, as the start of the site does. "
        "What a manifest says wrongly is named, and the rest is synced."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dir", type=Path, metavar="D", help="folder of skills, one folder each (default: ARIA_SKILLS_DIR)"
        )

    def handle(self, *, dir: Path | None, **options: Any) -> None:
        try:
            synced = sync_skills(Actor("command", "sync_skills"), Path(dir or settings.ARIA_SKILLS_DIR))
        except NoSkills as error:
            raise CommandError(str(error)) from error
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
            raise CommandError("The site has no tables yet; start it once, with 'make run'.") from error
        for problem in synced.problems:
            self.stderr.write(self.style.WARNING(f"{problem.file}: {problem.reason}"))
        self.stdout.write(
            "{skills} skills, {tools} tools, {focus_modes} focus modes and {categories} categories with {relations} "
            "relations; {written} written, {cleared} removed.".format(**synced.stats)
        )
