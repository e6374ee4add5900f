from django.db import models
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce

from apps.core.fields import Now


class HeartbeatQuerySet(models.QuerySet):
    def newest(self):
        return self.order_by("-created_at", "-id")


class TaskQuerySet(models.QuerySet):
    def newest(self):
        return self.order_by("-created_at", "-id")

    def set_status(self, task_id: str, status: str, **result: str | None) -> int:
        """How many tasks changed; the time of completion follows the status both ways."""
        completed_at = Case(
            When(Value(status == "completed"), then=Coalesce("completed_at", Now())),
            default=Value(None),
            output_field=models.DateTimeField(),
        )
        return self.filter(task_id=task_id).update(status=status, completed_at=completed_at, **result)


class JobQuerySet(models.QuerySet):
    def by_name(self):
        return self.order_by("name", "id")
