import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

logger = logging.getLogger("aria_site.requests")
SLOW_MS = 500


def request_headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """X-Correlation-ID (the caller's, else a new one) and X-Response-Time-Ms everywhere; slow requests are logged."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        given = request.headers.get("X-Correlation-ID", "")
        correlation_id = given if re.fullmatch(r"[\w.:-]{1,100}", given) else uuid4().hex[:8]
        response = get_response(request)
        milliseconds = (time.perf_counter() - started) * 1000
        response["X-Correlation-ID"] = correlation_id
        response["X-Response-Time-Ms"] = f"{milliseconds:.1f}"
        if milliseconds > SLOW_MS or response.status_code >= 500:
            logger.warning(
                "%s %s %s in %.0f ms",
                request.method,
                request.path,
                response.status_code,
                milliseconds,
                extra={"correlation_id": correlation_id},
            )
        return response

    return middleware
