"""Where a page finds the live notices."""

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest
from django.http.request import split_domain_port


def socket_origin(request: HttpRequest) -> dict[str, str]:
    """Context processor: the sockets' origin, where it is not the page's own.

    That is when the page came over WSGI, which carries no sockets, and without a proxy that joins the two.
    """
    if settings.ARIA_PROXY or isinstance(request, ASGIRequest):
        return {}
    host, _ = split_domain_port(request.get_host())
    origin = f"ws://{host}:{settings.ARIA_WS_PORT}"
    setattr(request, "socket_origin", origin)  # for the Content-Security-Policy  # noqa: B010
    return {"socket_origin": origin}
