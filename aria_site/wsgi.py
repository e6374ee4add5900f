import os
from collections.abc import Callable, Iterable
from contextlib import closing
from io import BytesIO
from typing import Any

from django.core.wsgi import get_wsgi_application
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


spare_what_is_loaded()
