#!/usr/bin/env python
"""Django's command line, with the database made ready first."""

import os
import signal
import sys

from aria_site import database

WITHOUT_DATABASE = {"check", "collectstatic", "compilemessages", "diffsettings", "help", "makemigrations", "version"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aria_site.settings")
    from django.core.management import execute_from_command_line

    end_in_order()
    arguments = set(sys.argv[1:])
    try:
        if len(sys.argv) > 1 and not arguments & {"--help", "-h", "--version"} and sys.argv[1] not in WITHOUT_DATABASE:
            database.make_ready()
        execute_from_command_line(sys.argv)
    except database.DatabaseProblem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def end_in_order() -> None:
    """Whoever is terminated, or loses the terminal, also stops what it has started, like after Ctrl-C."""
    if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL:
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


if __name__ == "__main__":
    main()
