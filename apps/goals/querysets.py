from django.db import models


class GoalQuerySet(models.QuerySet):
    pass


class HourlyGoalQuerySet(models.QuerySet):
    pass
