"""A picture of a graph as SVG. In Python, because a template takes ten times as long for its thousands of values."""

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.knowledge.browser.drawing import Drawing, Label, Line, Mark

register = template.Library()

LINE = """<path class="line" d="{}" data-ends="{} {}" marker-end="url(#arrow)"{}><title>{}</title></path>
"""
FROM_BOTH = SafeString(' marker-start="url(#arrow)"')
RELATION = """<text class="relation" x="{}" y="{}" text-anchor="middle">{}</text>
"""
NODE = """<g class="node kind-{kind}{middle}" data-node="{number}">
<a href="{url}" aria-label="{said}"><title>{said}</title><use href="#shape-{kind}" transform="{place}"/>\
<text x="{x}" y="{y}" text-anchor="{anchor}"{quiet}>{text}</text></a>{toggle}
</g>
"""
QUIET = SafeString(' class="quiet"')
TOGGLE = """
<a class="toggle" href="{}" transform="{}" aria-label="{} {}"><title>{}</title><circle r="6.5"/>\
<text y="4" text-anchor="middle">{}</text></a>"""


@register.simple_tag
def drawn(drawing: Drawing, still: bool = False) -> SafeString:
    """The lines first, for nodes lie over them; a `still` picture has no buttons."""
    lines = [line(one) for one in drawing.lines]
    relations = [relation(one.label) for one in drawing.lines if one.label]
    nodes = [node(mark, still) for mark in drawing.marks]
    return format_html_join("", "{}", ((part,) for part in (*lines, *relations, *nodes)))


def line(one: Line) -> SafeString:
    return format_html(LINE, one.way, one.start, one.end, FROM_BOTH if one.both else "", one.title)


def relation(label: Label) -> SafeString:
    return format_html(RELATION, label.x, label.y, label.text)


def node(mark: Mark, still: bool) -> SafeString:
    return format_html(
        NODE,
        kind=mark.kind,
        middle="" if mark.number else " middle",
        number=mark.number,
        url=mark.node.url,
        said=mark.node.said,
        place=mark.place,
        x=mark.label.x,
        y=mark.label.y,
        anchor=mark.label.anchor,
        quiet=QUIET if mark.label.quiet else "",
        text=mark.label.text,
        toggle="" if still or not mark.node.toggle else toggle(mark),
    )


def toggle(mark: Mark) -> SafeString:
    node = mark.node
    what, title, sign = ("Collapse", "Collapse", "−") if node.opened else ("Expand", f"{node.more} more", "+")
    return format_html(TOGGLE, node.toggle, mark.corner, what, node.name, title, sign)
