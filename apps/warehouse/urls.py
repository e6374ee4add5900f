from django.urls import path

from apps.warehouse.overview import views as overview
from apps.warehouse.views import language_models, proposals, search, sessions

urlpatterns = [
    path("", overview.overview, name="home"),
    path("overview/seen", overview.mark_all_seen, name="mark_all_seen"),
    path("overview/services", overview.services, name="overview_services"),
    path("overview/budgets", overview.budgets, name="overview_budgets"),
    path("models", language_models.language_models, name="language_models"),
    path("models/accounts", language_models.model_accounts, name="model_accounts"),
    path("proposals/<uuid:pk>", proposals.proposal, name="proposal"),
    path("search", search.search_page, name="search"),
    path("palette", search.palette, name="palette"),
    path("sessions/<uuid:pk>", sessions.session, name="session"),
    path("sessions/<uuid:pk>/failure", sessions.session_failure, name="session_failure"),
    path("sessions/<uuid:pk>/steps/<slug:kind>/<uuid:first>", sessions.session_step, name="session_step"),
    path("sessions/<uuid:pk>/compare", sessions.compare_sessions, name="compare_sessions"),
    path("sessions/<uuid:pk>/compare/<uuid:other>", sessions.compare_sessions, name="compare_sessions"),
]
