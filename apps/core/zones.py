"""The time zone in which a person sees times: the browser's, or the one that they chose."""

from functools import cache
from zoneinfo import available_timezones

from django import forms
from django.http import HttpRequest

BROWSERS, CHOSEN = "timezone", "chosen_timezone"  # cookies: one is set by site.js, the other by the settings page


@cache
def zones() -> frozenset[str]:
    """To list them takes as long as a page."""
    return frozenset(available_timezones())


def zone_of(request: HttpRequest) -> str | None:
    asked = (request.COOKIES.get(name) for name in (CHOSEN, BROWSERS))
    return next((zone for zone in asked if zone in zones()), None)


class ZoneForm(forms.Form):
    zone = forms.CharField(required=False, label="Time zone")

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST or None, initial={"zone": request.COOKIES.get(CHOSEN, "")})
        browsers = request.COOKIES.get(BROWSERS)
        as_browser = f"As the browser says ({browsers})" if browsers in zones() else "As the browser says"
        named = sorted(zone for zone in zones() if "/" in zone or zone == "UTC")
        self.fields["zone"].widget = forms.Select(choices=[("", as_browser), *((zone, zone) for zone in named)])

    def clean_zone(self) -> str:
        zone = self.cleaned_data["zone"]
        if zone and zone not in zones():
            raise forms.ValidationError("There is no such time zone.")
        return zone
