import logging
import re
import time
from collections.abc import Callable
from functools import lru_cache
from random import getrandbits
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.gzip import GZipMiddleware
from django.middleware.security import SecurityMiddleware
from django.shortcuts import resolve_url
from django.urls import resolve
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.encoding import escape_uri_path
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from apps.core import metrics
from apps.core.errors import too_many
from apps.core.limits import TooManyRequests
from apps.core.requests import HtmxRequest
from apps.core.zones import zone_of

logger = logging.getLogger("aria_site.requests")
SLOW_MS = 500
CORRELATION_ID = re.compile(r"[\w.:-]{1,100}")


def request_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """X-Correlation-ID (the caller's, else a new one) and X-Response-Time-Ms everywhere, and the database's share of it
    in Server-Timing, which browsers show; slow requests are logged.

    All are counted. Under ASGI this needs no thread of its own: WhiteNoise is synchronous too, and shares it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        given = request.META.get("HTTP_X_CORRELATION_ID", "")
        # Not of os.urandom, which would hand the interpreter to another thread.
        correlation_id = given if CORRELATION_ID.fullmatch(given) else f"{getrandbits(32):08x}"
        with connection.execute_wrapper(queries := Queries()):
            response = get_response(request)
        seconds = time.perf_counter() - started
        metrics.count(request, response, seconds)
        milliseconds = seconds * 1000
        response["X-Correlation-ID"] = correlation_id
        response["X-Response-Time-Ms"] = f"{milliseconds:.1f}"
        response["Server-Timing"] = f'db;desc="{queries.count} queries";dur={queries.seconds * 1000:.1f}'
        keep_private(request, response)
        if milliseconds > SLOW_MS or response.status_code >= 500:
            logger.warning(
                "%s %s %s in %.0f ms",
                request.method,
                escape_uri_path(request.path),
                response.status_code,
                milliseconds,
                extra={"correlation_id": correlation_id},
            )
        return response

    return middleware


class Queries:
    """How many queries a request asked, and how long they took."""

    count, seconds = 0, 0.0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.count += 1
            self.seconds += time.perf_counter() - started


def token_lane(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """What carries a token, and neither session nor origin, goes straight to the API: what follows is for browsers.

    It took a third of the time of a list. What holds for programs too is done here, without a layer for each.
    Exceptions need none of the others either: the API answers its own.
    """
    security, gzip = SecurityMiddleware(get_response), GZipMiddleware(get_response)

    def middleware(request: HttpRequest) -> HttpResponse:
        if not is_of_a_program(request) or getattr((match := leads_to(request.path_info)).func, "login_required", True):
            return get_response(request)
        request.get_host()  # raises an error where it is not ours
        if elsewhere := security.process_request(request):
            return elsewhere
        request.resolver_match = match
        response = match.func(request, *match.args, **match.kwargs)
        response["Content-Security-Policy"] = settings.CONTENT_SECURITY_POLICY
        if "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
            response = gzip.process_response(request, response)
        if not response.streaming:
            response["Content-Length"] = str(len(response.content))
        return security.process_response(request, response)

    return middleware


def is_of_a_program(request: HttpRequest) -> bool:
    if "HTTP_AUTHORIZATION" not in request.META or not request.path_info.startswith("/api/"):
        return False
    return "HTTP_ORIGIN" not in request.META and settings.SESSION_COOKIE_NAME not in request.COOKIES


leads_to = lru_cache(128)(resolve)  # of what is asked again and again; the patterns are many, and tried one by one


def persons_zone(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Pages are in the time zone that the person chose or the browser names; the API is in UTC."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/"):
            return get_response(request)
        with timezone.override(zone_of(request)):
            return get_response(request)

    return middleware


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """The settings' policy, and the sockets of a page that names their origin."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        policy = settings.CONTENT_SECURITY_POLICY
        if origin := getattr(request, "socket_origin", None):
            policy += f"; connect-src 'self' {origin}"
        response["Content-Security-Policy"] = policy
        return response

    return middleware


def keep_private(request: HttpRequest, response: HttpResponse) -> None:
    """No cache keeps a page or an answer; only static files say otherwise. A page and its fragment share a URL."""
    if not response.has_header("Cache-Control"):
        response["Cache-Control"] = "private, no-store"
        if not request.path_info.startswith("/api/"):
            patch_vary_headers(response, ["HX-Request"])


class LoginRequired(LoginRequiredMiddleware):
    """For scripts a redirect to the login would end as a login page in the middle of a page."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> Any:
        if cast(HtmxRequest, request).htmx:
            came_from = cast(HtmxRequest, request).htmx.current_url_abs_path or "/"
            login = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': came_from})}"
            return HttpResponseClientRedirect(login)
        if not request.accepts("text/html"):
            return JsonResponse({"detail": "Log in first."}, status=401)
        return super().handle_no_permission(request, view_func)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """The site's login and the admin's end here after too many attempts."""
        return too_many(error) if isinstance(error, TooManyRequests) else None
