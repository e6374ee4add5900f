"""Start, stop and restart services by the commands of the environment."""

import os
import shlex
import signal
import subprocess
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from django.conf import settings

ACTIONS = ("restart", "stop", "start")
MOST_SECONDS = 30
LAST_CHARACTERS = 2000


class CommandFailed(Exception):
    """It could not be run, or did not end in time."""


@dataclass(frozen=True)
class Outcome:
    code: int
    stdout: str
    stderr: str


def command_for(service: str, action: str) -> str:
    """Empty where none is configured."""
    name = f"ARIA_SERVICE_CMD_{service}_{action}".upper().replace("-", "_")
    return settings.SERVICE_COMMANDS.get(name, "").strip()


def run(command: str) -> Outcome:
    """No shell sees the command.

    Its output goes to files: a service that it leaves running in the background may keep them open without
    making us wait.
    """
    with TemporaryFile() as stdout, TemporaryFile() as stderr:
        try:
            process = subprocess.Popen(
                shlex.split(command), stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr, start_new_session=True
            )
        except (OSError, ValueError) as error:
            raise CommandFailed(f"The command cannot be run: {error}") from error
        try:
            code = process.wait(MOST_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise CommandFailed(f"The command did not end within {MOST_SECONDS} seconds and was killed") from None
        return Outcome(code, end_of(stdout), end_of(stderr))


def end_of(output: IO[bytes]) -> str:
    # A character has four bytes at most.
    output.seek(max(0, output.seek(0, os.SEEK_END) - 4 * LAST_CHARACTERS))
    return output.read().decode("utf-8", "replace")[-LAST_CHARACTERS:]
