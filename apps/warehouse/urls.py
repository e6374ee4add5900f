from django.urls import path

from apps.warehouse.views import language_models, search

urlpatterns = [
    path("models", language_models.language_models, name="language_models"),
    path("models/accounts", language_models.model_accounts, name="model_accounts"),
    path("search", search.search_page, name="search"),
    path("palette", search.palette, name="palette"),
]
