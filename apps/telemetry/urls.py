from django.urls import path

from apps.telemetry.budgets import views as budgets
from apps.telemetry.views import sessions, skills, usage

urlpatterns = [
    path("sessions", sessions.sessions, name="sessions"),
    path("model-usage", usage.model_usage, name="model_usage"),
    path("skill-stats", skills.skill_stats, name="skill_stats"),
    path("skill-health", skills.skill_health, name="skill_health"),
    path("budgets", budgets.budgets, name="budgets"),
    path("budgets/<uuid:pk>", budgets.budget, name="budget"),
    path("budgets/<uuid:pk>/delete", budgets.delete, name="budget_delete"),
]
