"""What a browser sees when a page cannot be made. Nothing here asks the database."""

import sys

from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views import defaults

from apps.core.limits import TooManyRequests

AWAY = "The database does not answer. What this page shows may be old; try again in a moment."


def broken(request: HttpRequest) -> HttpResponse:
    """The site's handler for errors that no one else has handled; Django calls it while it handles one."""
    if not isinstance(sys.exc_info()[1], (OperationalError, InterfaceError)):
        return defaults.server_error(request)
    retry = {"Retry-After": "5"}
    if wants_text(request):
        return HttpResponse(AWAY, content_type="text/plain", status=503, headers=retry)
    return HttpResponse(render_to_string("503.html"), status=503, headers=retry)


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The site's handler for what Django refuses before a view sees it, in the API's words under /api/."""
    status, text = 400, "The request is malformed."
    if isinstance(exception, DisallowedHost):
        text = "The site does not answer under this host name. If it should, an admin adds it to ALLOWED_HOSTS."
    elif isinstance(exception, RequestDataTooBig):
        status, text = 413, "Request body too large"
    if request.path.startswith("/api/") or wants_text(request):
        return JsonResponse({"detail": text}, status=status)
    return HttpResponse(render_to_string("400.html", {"text": text}), status=status)


def too_many(error: TooManyRequests) -> HttpResponse:
    page = render_to_string("429.html", {"wait": error.wait})
    return HttpResponse(page, status=429, headers={"Retry-After": str(error.wait)})


def wants_text(request: HttpRequest) -> bool:
    """Scripts of a page keep what it shows and add the text (see site.js); htmx's way back is a whole page."""
    is_fragment = "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers
    return is_fragment or not request.accepts("text/html")
