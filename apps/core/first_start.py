"""What a new site needs before anybody can use it: an admin and a token, told once and kept in the data folder."""

import os
import secrets

from django.conf import settings
from django.db import transaction

from apps.core.models import ApiToken, User

CREDENTIALS = "credentials.txt"


def welcome() -> str | None:
    """Make the first admin and token. Returns what to tell the person who started the site; None if both exist."""
    told = []
    with transaction.atomic():
        if not User.objects.filter(is_superuser=True).exists():
            password = secrets.token_urlsafe(12)
            User.objects.create_superuser(username="admin", password=password)
            told.append(f"login      admin\npassword   {password}")
        if not ApiToken.objects.exists():
            _, secret = ApiToken.issue("first start", ApiToken.Scope.ADMIN)
            keep("api_token", secret)
            told.append(f"API token  {secret}")
        if told:
            keep(CREDENTIALS, "\n".join(told) + "\n")
    return "\n".join(told) or None


def keep(name: str, text: str) -> None:
    """Into a file of the data folder that only its owner can read."""
    path = settings.ARIA_DATA_DIR / name
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
