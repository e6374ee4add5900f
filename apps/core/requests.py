from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """What views get: the middleware adds what htmx says of itself."""

    htmx: HtmxDetails
