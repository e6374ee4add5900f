from django import template
from django.urls import reverse

from apps.core.navigation import label_of

register = template.Library()


@register.inclusion_tag("components/crumbs.html")
def crumbs(*path: str) -> dict[str, object]:
    """`{% crumbs "board" goal.title %}`: the URL names of the lists above a page, and last its own name."""
    *above, here = path
    return {"above": [(label_of(name), reverse(name)) for name in above], "here": here}
