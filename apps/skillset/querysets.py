from django.db import models


class SkillStatusQuerySet(models.QuerySet):
    def by_name(self):
        return self.order_by("skill_name")
