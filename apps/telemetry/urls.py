from django.urls import path

from apps.telemetry.budgets import views as budgets
from apps.telemetry.views import activities, sessions, skills, usage

urlpatterns = [
    path("activities", activities.activities, name="activities"),
    path("activities/<uuid:pk>", activities.activity, name="activity"),
    path("creative-pulse", activities.creative_pulse, name="creative_pulse"),
    path("sessions", sessions.sessions, name="sessions"),
    path("model-usage", usage.model_usage, name="model_usage"),
    path("skill-stats", skills.skill_stats, name="skill_stats"),
    path("skill-health", skills.skill_health, name="skill_health"),
    path("budgets", budgets.budgets, name="budgets"),
    path("budgets/<uuid:pk>", budgets.budget, name="budget"),
    path("budgets/<uuid:pk>/delete", budgets.delete, name="budget_delete"),
]
