from django.urls import path

from apps.telemetry.views import usage

urlpatterns = [
    path("model-usage", usage.model_usage, name="model_usage"),
]
