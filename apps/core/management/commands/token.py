from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError
from django.utils import timezone
from psycopg.errors import UndefinedTable

from apps.core.models import ApiToken


class Command(BaseCommand):
    help = "Create, list and revoke API tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        create = actions.add_parser("create", help="make a token and print its secret, this once")
        create.add_argument("name", help="who or what will use it")
        create.add_argument("--scope", choices=ApiToken.Scope.values, default="write")
        create.add_argument("--days", type=int, help="expires after so many days (default: never)")
        actions.add_parser("list", help="show all tokens")
        revoke = actions.add_parser("revoke", help="end a token at once")
        revoke.add_argument("token", help="its name or prefix")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            getattr(self, options["action"])(**options)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, UndefinedTable):
                raise
            raise CommandError("The site has no tables yet; start it once, with 'make run'.") from error

    def create(self, *, name: str, scope: str, days: int | None, **options: Any) -> None:
        if days is not None and days < 1:
            raise CommandError("--days must be 1 or more.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        _, secret = ApiToken.issue(name, scope, expires_at)
        self.stdout.write(secret)

    def list(self, **options: Any) -> None:
        for token in ApiToken.objects.all():
            used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never used"
            self.stdout.write(f"{token.prefix}  {token.scope:5}  {used:16}  {token.name}  {state_of(token)}".rstrip())

    def revoke(self, *, token: str, **options: Any) -> None:
        usable = ApiToken.objects.usable()
        found = usable.filter(name=token) or usable.filter(prefix=token)
        if len(found) != 1:
            raise CommandError(
                f"{len(found)} usable tokens are called '{token}'; 'token list' shows names and prefixes."
            )
        found[0].revoke()
        self.stdout.write(f"{found[0]} is revoked.")


def state_of(token: ApiToken) -> str:
    if token.revoked_at:
        return "revoked"
    if token.expires_at is None:
        return ""
    return f"{'expired' if token.expires_at <= timezone.now() else 'expires'} {token.expires_at:%Y-%m-%d}"
