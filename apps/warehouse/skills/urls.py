from django.urls import path

from apps.warehouse.skills import views

urlpatterns = [
    path("skills", views.skills, name="skills"),
    path("skills/<path:name>", views.skill, name="skill"),
]
