from datetime import timedelta

from django.db import models
from django.db.models import Count, Q
from django.db.models.functions import Upper
from django.utils import timezone


class SecurityEventQuerySet(models.QuerySet):
    def newest(self):
        return self.order_by("-created_at", "-id")

    def of_level(self, level: str):
        """In any spelling: older programs wrote the level as they had it."""
        return self.filter(threat_level__in={level, level.upper(), level.lower(), level.capitalize()})

    def totals(self) -> dict[str, int]:
        day_ago = timezone.now() - timedelta(hours=24)
        return self.aggregate(
            total_events=Count("id"),
            blocked_count=Count("id", filter=Q(blocked=True)),
            last_24h=Count("id", filter=Q(created_at__gte=day_ago)),
        )

    def counts_by_level(self) -> dict[str, int]:
        return dict(self.order_by().values_list(Upper("threat_level")).annotate(Count("id")))

    def commonest_types(self, how_many: int) -> dict[str, int]:
        counts = self.values_list("threat_type").annotate(count=Count("id"))
        return dict(counts.order_by("-count", "threat_type")[:how_many])


class ApiKeyRotationQuerySet(models.QuerySet):
    def newest(self):
        return self.order_by("-rotated_at", "-id")


class RateLimitQuerySet(models.QuerySet):
    def latest_used(self):
        return self.order_by("-updated_at", "skill")


class LoginAttemptQuerySet(models.QuerySet):
    def forgotten(self):
        return self.filter(last_at__lt=timezone.now() - timedelta(hours=1))
