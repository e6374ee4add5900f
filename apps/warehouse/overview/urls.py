from django.urls import path

from apps.warehouse.overview import views

urlpatterns = [
    path("", views.overview, name="home"),
    path("overview/seen", views.mark_all_seen, name="mark_all_seen"),
    path("overview/services", views.services, name="overview_services"),
]
