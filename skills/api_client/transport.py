"""One request: read whole, and tried again where that can do no harm."""

import httpx
from httpx_retries import Retry, RetryTransport

TRIES_MORE = 3
BACKOFF = 0.5  # seconds before the second try, then twice as long each time
LONGEST_WAIT = 60.0  # seconds; who is told to wait longer is told so instead


class MustWait(httpx.HTTPError):
    """The site asks for a longer rest than a caller would wait for."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__("the site asks for a rest")
        self.response = response


class WholeAnswers(httpx.AsyncBaseTransport):
    """Reads the body at once, so that an answer that breaks off is tried again like one that never came."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.inner.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
        given = response.headers.get("Retry-After", "")
        if response.status_code in (429, 503) and given.isascii() and given.isdigit() and int(given) > LONGEST_WAIT:
            raise MustWait(response)
        return response

    async def aclose(self) -> None:
        await self.inner.aclose()


def retrying(inner: httpx.AsyncBaseTransport) -> RetryTransport:
    """After lost connections, timeouts, 429, 502, 503 and 504; writes too, as each carries an idempotency key."""
    retry = Retry(
        total=TRIES_MORE,
        backoff_factor=BACKOFF / 2,  # the library doubles it before the first
        backoff_jitter=0.2,
        max_backoff_wait=LONGEST_WAIT,
        allowed_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
    )
    return RetryTransport(WholeAnswers(inner), retry)


ONCE = Retry(total=0)
