from django.db import models

from apps.core.fields import (
    both,
    json_list,
    json_object,
    moment,
    optional_char,
    optional_moment,
    optional_text,
    uuid_key,
)
from apps.security.querysets import (
    ApiKeyRotationQuerySet,
    LoginAttemptQuerySet,
    RateLimitQuerySet,
    SecurityEventQuerySet,
)


class SecurityEvent(models.Model):
    """An input that looked like an attack, and whether it was blocked."""

    id = uuid_key()
    threat_level = models.CharField(max_length=20)
    threat_type = models.CharField(max_length=100)
    threat_patterns = json_list()
    input_preview = optional_text()
    source = optional_char(100)
    user_id = optional_char(100)
    blocked = models.BooleanField(**both(False))
    details = json_object()
    created_at = moment()

    objects = SecurityEventQuerySet.as_manager()

    class Meta:
        db_table = "security_events"
        indexes = [
            models.Index(fields=["blocked"], name="idx_security_blocked"),
            models.Index(fields=["-created_at"], name="idx_security_created"),
            models.Index(fields=["threat_level", "-created_at"], name="idx_security_threat_created"),
            models.Index(fields=["threat_level"], name="idx_security_threat_level"),
            models.Index(fields=["threat_type"], name="idx_security_threat_type"),
        ]

    def __str__(self) -> str:
        return f"{self.threat_level} {self.threat_type}"


class ApiKeyRotation(models.Model):
    """A change of a key to an outside service."""

    id = uuid_key()
    service = models.CharField(max_length=100)
    rotated_at = moment()
    reason = optional_text()
    rotated_by = models.CharField(max_length=100, **both("system"))
    metadata = json_object()

    objects = ApiKeyRotationQuerySet.as_manager()

    class Meta:
        db_table = "api_key_rotations"
        verbose_name = "API key rotation"
        indexes = [
            models.Index(fields=["-rotated_at"], name="idx_akr_rotated"),
            models.Index(fields=["service"], name="idx_akr_service"),
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.rotated_at:%Y-%m-%d}"


class RateLimit(models.Model):
    """How often a skill acted in its current window."""

    id = uuid_key()
    skill = models.CharField(max_length=100)
    last_action = optional_moment()
    action_count = models.IntegerField(**both(0))
    window_start = moment()
    created_at = moment()
    last_post = optional_moment()
    updated_at = moment()

    objects = RateLimitQuerySet.as_manager()

    class Meta:
        db_table = "rate_limits"
        constraints = [models.UniqueConstraint(fields=["skill"], name="rate_limits_skill_key")]
        indexes = [models.Index(fields=["skill"], name="idx_rate_limits_skill")]

    def __str__(self) -> str:
        return self.skill


class LoginAttempt(models.Model):
    """How often somebody at an address tried to log in as somebody since that last worked; see `logins`."""

    name = models.CharField(max_length=150)
    address = models.CharField(max_length=64)
    tries = models.IntegerField()
    last_at = models.DateTimeField()

    objects = LoginAttemptQuerySet.as_manager()

    class Meta:
        db_table = "site_login_attempt"
        constraints = [models.UniqueConstraint(fields=["name", "address"], name="site_login_attempt_key")]
        indexes = [models.Index(fields=["last_at"], name="site_login_attempt_last")]

    def __str__(self) -> str:
        return f"{self.tries} times {self.name} from {self.address}"
