from django.conf import settings
from django.db import models

from apps.warehouse.overview.visits import VisitQuerySet


class Visit(models.Model):
    """When a person last looked at the overview, and when they did in the visit before this one."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+")
    since = models.DateTimeField(null=True)  # the end of the visit before; null on the first one
    seen_at = models.DateTimeField()

    objects = VisitQuerySet.as_manager()

    class Meta:
        db_table = "site_visit"

    def __str__(self) -> str:
        return f"{self.user_id} since {self.since}"
