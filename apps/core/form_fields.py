from typing import Any

from django import forms


class LinesField(forms.CharField):
    """Long text as it is: blanks at the ends kept, a browser's line ends turned back into plain ones."""

    widget = forms.Textarea(attrs={"rows": 5})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        return (super().to_python(value) or "").replace("\r\n", "\n")
