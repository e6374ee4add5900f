from django.urls import path

from apps.warehouse.views import search

urlpatterns = [
    path("search", search.search_page, name="search"),
    path("palette", search.palette, name="palette"),
]
