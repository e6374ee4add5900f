from django.urls import path

from apps.telemetry.views import sessions, usage

urlpatterns = [
    path("sessions", sessions.sessions, name="sessions"),
    path("model-usage", usage.model_usage, name="model_usage"),
]
