from collections.abc import Iterable
from html import escape
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.safestring import SafeString, mark_safe


class LinesField(forms.CharField):
    """Long text as it is: blanks at the ends kept, a browser's line ends turned back into plain ones."""

    widget = forms.Textarea(attrs={"rows": 5})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class NameSelect(forms.Select):
    """A filter among the names that there are; what is chosen stays to be seen where there is none of it.

    Written out at once, for a template for each of hundreds of names took longer than the rest of a page.
    """

    def __init__(self, what: str, names: Iterable[str | None], chosen: str = "") -> None:
        shown = sorted({name or "" for name in names} | {chosen})
        choices = [("", f"{what.capitalize()}: all"), *((name, name) for name in shown if name)]
        super().__init__({"class": "field", "aria-label": what.capitalize()}, choices)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = self.format_value(value)
        attributes = flatatt(self.build_attrs(self.attrs, {"name": name, **(attrs or {})}))
        options = "".join(
            f'<option value="{escape(str(key))}"{" selected" if key in chosen else ""}>{escape(str(label))}</option>'
            for key, label in self.choices
        )
        return mark_safe(f"<select{attributes}>{options}</select>")
