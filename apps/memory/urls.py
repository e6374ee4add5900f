from django.urls import path

from apps.memory.views import thoughts

urlpatterns = [
    path("thoughts", thoughts.thoughts, name="thoughts"),
    path("thoughts/<uuid:pk>", thoughts.thought, name="thought"),
]
