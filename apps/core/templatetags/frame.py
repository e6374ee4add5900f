from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core.navigation import label_of

register = template.Library()


@register.inclusion_tag("components/crumbs.html")
def crumbs(*path: str) -> dict[str, object]:
    """`{% crumbs "board" goal.title %}`: the URL names of the lists above a page, and last its own name."""
    *above, here = path
    return {"above": [(label_of(name), reverse(name)) for name in above], "here": here}


@register.simple_tag
def shortcut(keys: str, does: str) -> SafeString:
    """`{% shortcut "Shift Enter" "Save" %}` in the block `shortcuts` of a page: what its own keys do, for the help."""
    shown = format_html_join(" ", "<kbd>{}</kbd>", ((key,) for key in keys.split()))
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", shown, does)
