"""What stands around a table of rows: headings that sort, and the views that a person has saved."""

from typing import Any

from django import template
from django.db.models import QuerySet
from django.http import QueryDict

from apps.core.keyset import KeysetPage
from apps.core.models import SavedView

register = template.Library()
PLACES = ("older_than", "newer_than", "page")  # no part of a view that is worth a name


@register.inclusion_tag("components/sortable.html", takes_context=True)
def sortable(context: Any, page: KeysetPage, column: str, label: str, *, numeric: bool = False) -> dict[str, Any]:
    """A heading whose link sorts by the column: the greatest first, and when they are, the least."""
    query = without(context["request"].GET, *PLACES)
    query["sort"] = column if page.order == f"-{column}" else f"-{column}"
    sorted_as = {column: "ascending", f"-{column}": "descending"}.get(page.order)
    return {"label": label, "url": f"?{query.urlencode()}", "sorted_as": sorted_as, "numeric": numeric}


@register.inclusion_tag("components/views.html", takes_context=True)
def saved_views(context: Any) -> dict[str, Any]:
    """The person's views of this page, and a form that names the one shown."""
    request = context["request"]
    shown = without(request.GET, *PLACES).urlencode()
    views: QuerySet = SavedView.objects.filter(user=request.user, page=request.path)
    return {"views": views, "page": request.path, "shown": shown, "csrf_token": context.get("csrf_token")}


@register.simple_tag(takes_context=True)
def export_url(context: Any, kind: str) -> str:
    query = without(context["request"].GET, *PLACES)
    query["format"] = kind
    return f"?{query.urlencode()}"


def without(query: QueryDict, *names: str) -> QueryDict:
    kept = query.copy()
    for name in names:
        kept.pop(name, None)
    return kept
