from django.urls import path

from apps.warehouse.overview import views as overview
from apps.warehouse.views import language_models, search

urlpatterns = [
    path("", overview.overview, name="home"),
    path("overview/seen", overview.mark_all_seen, name="mark_all_seen"),
    path("overview/services", overview.services, name="overview_services"),
    path("overview/budgets", overview.budgets, name="overview_budgets"),
    path("models", language_models.language_models, name="language_models"),
    path("models/accounts", language_models.model_accounts, name="model_accounts"),
    path("search", search.search_page, name="search"),
    path("palette", search.palette, name="palette"),
]
