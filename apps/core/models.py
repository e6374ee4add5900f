import hashlib
import secrets
import time
from datetime import datetime, timedelta
from typing import cast

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import connection, models
from django.db.models import Q
from django.utils import timezone

from apps.core.actors import Actor, Scope


class User(AbstractUser):
    """A person who logs in."""

    class Meta:
        db_table = "site_user"


class ApiTokenQuerySet(models.QuerySet):
    def usable(self):
        now = timezone.now()
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)

    def of_digest(self, digest: str) -> "ApiToken | None":
        """In plain SQL: every request asks this, and Django would build the query for longer than it runs."""
        names = ("id", "name", "scope", "expires_at", "last_used_at")  # what a request needs; the rest can be loaded
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {', '.join(names)} FROM site_api_token WHERE digest = %s AND revoked_at IS NULL", [digest]
            )
            row = cursor.fetchone()
        return row and ApiToken.from_db(connection.alias, names, row)


MOST_SEEN = 1000
just_seen: dict[str, tuple[float, "ApiToken"]] = {}  # by digest, until when


class ApiToken(models.Model):
    """A key to the API. The secret itself is shown once and never stored."""

    class Scope(models.TextChoices):
        READ = "read", "read"
        WRITE = "write", "read and write"
        ADMIN = "admin", "read, write and administer"

    name = models.CharField(max_length=100, help_text="Who or what uses it; the history of changes shows this name.")
    prefix = models.CharField(max_length=12, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(max_length=5, choices=Scope, default=Scope.WRITE)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        db_table = "site_api_token"
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @classmethod
    def for_secret(cls, secret: str) -> "ApiToken | None":
        """Each process trusts a token that it has just seen for ARIA_TOKEN_SECONDS; no longer works a revoked one."""
        digest, now = digest_of(secret), time.monotonic()
        known_until, token = just_seen.get(digest, (0.0, None))
        if known_until < now:
            token = cls.objects.of_digest(digest)
            if token and settings.ARIA_TOKEN_SECONDS > 0:
                if len(just_seen) >= MOST_SEEN:
                    just_seen.clear()
                just_seen[digest] = (now + settings.ARIA_TOKEN_SECONDS, token)
        return token if token and not token.has_expired() else None

    @classmethod
    def issue(cls, name: str, scope: str = Scope.WRITE, expires_at: datetime | None = None) -> tuple["ApiToken", str]:
        """A new token and its secret, which only this call ever sees."""
        token = cls(name=name, scope=scope, expires_at=expires_at)
        secret = token.new_secret()
        token.save()
        return token, secret

    def new_secret(self) -> str:
        # 256 random bits need no slow hash: nobody can guess them.
        secret = f"aria_{secrets.token_urlsafe(32)}"
        self.prefix, self.digest = secret[:12], digest_of(secret)
        return secret

    def actor(self) -> Actor:
        return Actor("token", self.name, cast(Scope, self.scope))

    def has_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    def touch(self) -> None:
        """Note the use, at most once a minute."""
        now = timezone.now()
        if self.last_used_at is None or now - self.last_used_at > timedelta(minutes=1):
            self.last_used_at = now
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=now)

    def revoke(self) -> None:
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])


class ChangeQuerySet(models.QuerySet):
    def of(self, row: models.Model):
        """The history of one row, newest first."""
        return self.filter(table_name=row._meta.db_table, row_id=str(row.pk)).order_by("-id")


class Change(models.Model):
    """What somebody changed in a row that people care about; triggers write it, whoever the writer is.

    `before` and `after` hold the whole row for a deletion and an insertion, and only the columns
    that differ for an update.
    """

    table_name = models.CharField(max_length=63)
    row_id = models.TextField()
    operation = models.CharField(max_length=6, choices=[(o, o) for o in ("insert", "update", "delete")])
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    actor_kind = models.CharField(max_length=10)
    actor_name = models.TextField()
    changed_at = models.DateTimeField()
    action = models.UUIDField(null=True)  # what was changed in one go has the same; the database sets it

    objects = ChangeQuerySet.as_manager()

    class Meta:
        db_table = "site_change"
        indexes = [
            models.Index(fields=["table_name", "row_id", "-id"], name="site_change_row"),
            models.Index(fields=["-changed_at"], name="site_change_when"),
            models.Index(fields=["table_name", "-changed_at"], name="site_change_table_when"),
            models.Index(fields=["action"], name="site_change_action"),
            models.Index(
                fields=["table_name", "-changed_at"], condition=Q(operation="delete"), name="site_change_deleted"
            ),
            # Of a row that came into another state; most updates are of something else.
            models.Index(
                fields=["table_name", "-changed_at"],
                condition=Q(operation="update", after__has_any_keys=["status", "board_column"]),
                name="site_change_moved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.table_name} {self.row_id}"

    @property
    def differences(self) -> list[tuple[str, object, object]]:
        """(column, before, after) for every column that differs, in alphabetical order."""
        before, after = self.before or {}, self.after or {}
        return [(key, before.get(key), after.get(key)) for key in sorted({*before, *after})]


class StaleHour(models.Model):
    """An hour whose rows a statement changed since they were last summed; see `apps/core/rollups.py`."""

    sums = models.CharField(max_length=63)  # the table of the sums
    hour = models.DateTimeField()

    class Meta:
        db_table = "site_stale_hour"
        indexes = [models.Index(fields=["sums", "hour"], name="site_stale_hour_of_sums")]

    def __str__(self) -> str:
        return f"{self.sums} {self.hour:%Y-%m-%d %H:%M}"


class IdempotencyKeyQuerySet(models.QuerySet):
    def forgotten(self):
        """Nobody tries again after a month: clients give up after a week."""
        return self.filter(created_at__lt=timezone.now() - timedelta(days=30))


class IdempotencyKey(models.Model):
    """A write that is done, so that another try of it changes nothing more."""

    id = models.UUIDField(primary_key=True)
    request = models.CharField(max_length=64, null=True)  # digest of what was asked for
    answer = models.TextField(null=True)  # what the first try was answered
    created_at = models.DateTimeField(default=timezone.now)

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        db_table = "site_idempotency_key"
        indexes = [models.Index(fields=["created_at"], name="site_idempotency_key_age")]

    def __str__(self) -> str:
        return str(self.id)


class SavedView(models.Model):
    """The filters of a page under a name that a person gave them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=200)  # its path
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)

    class Meta:
        db_table = "site_saved_view"
        constraints = [models.UniqueConstraint(fields=["user", "page", "name"], name="site_saved_view_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{self.page}?{self.query}"


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
