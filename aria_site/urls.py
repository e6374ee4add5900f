from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from apps.core.api import mounted, no_such_path
from aria_site.api import api

urlpatterns = [
    # First, because it is asked most, and patterns are tried in their order.
    path("api/", (mounted(api), "ninja", api.urls_namespace)),
    re_path(r"^api/(?P<path>(?:.|\n)*)$", no_such_path),
    path("", include("apps.core.urls")),
    path("", include("apps.goals.urls")),
    path("", include("apps.telemetry.urls")),
    path("", include("apps.knowledge.urls")),
    path("", include("apps.improvement.urls")),
    path("", include("apps.memory.urls")),
    path("", include("apps.warehouse.skills.urls")),
    path("", include("apps.warehouse.urls")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]

handler400 = "apps.core.errors.refused"
handler500 = "apps.core.errors.broken"
