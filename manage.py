#!/usr/bin/env python
"""Django's command line, with the database made ready first."""

import os
import sys

from aria_site import database

WITHOUT_DATABASE = {"check", "collectstatic", "compilemessages", "diffsettings", "help", "makemigrations", "version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aria_site.settings")
    from django.core.management import execute_from_command_line

    arguments = set(sys.argv[1:])
    try:
        if len(sys.argv) > 1 and not arguments & {"--help", "-h", "--version"} and sys.argv[1] not in WITHOUT_DATABASE:
            database.make_ready()
        execute_from_command_line(sys.argv)
    except database.DatabaseProblem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
