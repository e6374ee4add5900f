import os
from collections.abc import Callable, Iterable
from contextlib import closing
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import reset_queries
from django.http import HttpResponse

from aria_site.garbage import spare_what_is_loaded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aria_site.settings")
site = get_wsgi_application()

import aria_site.urls  # noqa: E402, F401  (now, not at the first request; Django must be set up first)
from apps.warehouse.batch_body import LARGEST  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Django reads what CONTENT_LENGTH promises, and of a body in chunks nothing; here it gets its length."""
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and not environ.get("CONTENT_LENGTH"):
        body = environ["wsgi.input"].read(LARGEST + 1)
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    response = site(environ, start_response)
    if not isinstance(response, HttpResponse):
        return response
    with closing(response):
        return [response.content]  # a list is sent as one piece; of other iterables granian makes a stream


def tidy_up_less() -> None:
    """Do without what Django puts in order around each request and this site has none of: a cache on the network,
    other URLs for some requests, and the log of queries that only DEBUG keeps. It was a twentieth of a list's time."""
    request_finished.disconnect(close_caches)
    request_finished.disconnect(reset_urlconf)
    if not settings.DEBUG:
        request_started.disconnect(reset_queries)


tidy_up_less()
spare_what_is_loaded()
