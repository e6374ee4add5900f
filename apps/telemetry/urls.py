from django.urls import path

from apps.telemetry.views import sessions, skills, usage

urlpatterns = [
    path("sessions", sessions.sessions, name="sessions"),
    path("model-usage", usage.model_usage, name="model_usage"),
    path("skill-stats", skills.skill_stats, name="skill_stats"),
    path("skill-health", skills.skill_health, name="skill_health"),
]
