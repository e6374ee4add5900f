"""What the site's answers mean to a caller."""

from typing import Any

import httpx

from skills.api_client.breaker import Away, Breaker
from skills.api_client.result import SkillResult

NAMES = {401: "AuthenticationError", 403: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError"}


def unanswered(error: httpx.HTTPError) -> Away:
    kind = "TimeoutError" if isinstance(error, httpx.TimeoutException) else "ConnectionError"
    return Away(f"The site does not answer: {error or type(error).__name__}", kind)


def judged(response: httpx.Response, breaker: Breaker) -> httpx.Response:
    """Tell the breaker what it was. Raises Away where this is no answer of a site at work."""
    if response.status_code >= 500:
        breaker.failed()
    else:
        breaker.succeeded()
    if response.status_code == 429 or response.status_code >= 500:
        raise Away(problem_of(response), error_type_of(response), wait_of(response))
    if not response.is_error and not is_json(response):
        raise Away(f"{response.status_code} with something that is no JSON: is this the site?", "JSONDecodeError")
    return response


def result_of(response: httpx.Response) -> SkillResult:
    if response.is_error:
        return SkillResult.fail(problem_of(response), error_type=error_type_of(response))
    return SkillResult.ok(response.json())


def error_type_of(response: httpx.Response) -> str:
    return NAMES.get(response.status_code, "HTTPStatusError")


def problem_of(response: httpx.Response) -> str:
    body: Any = response.json() if is_json(response) else response.reason_phrase
    detail = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, list):
        detail = "; ".join(map(told, detail))
    wait = wait_of(response)
    return f"{response.status_code}: {detail}" + (f"; retry after {wait:.0f} s" if wait else "")


def told(problem: Any) -> str:
    """One of the site's complaints about a body, such as `title: Field required`."""
    if not isinstance(problem, dict):
        return str(problem)
    place = ".".join(map(str, problem.get("loc", [])[1:]))
    return f"{place}: {problem.get('msg')}" if place else str(problem.get("msg"))


def wait_of(response: httpx.Response) -> float | None:
    """Retry-After in seconds. The site gives no dates."""
    given = response.headers.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdigit() else None


def is_json(response: httpx.Response) -> bool:
    try:
        response.json()
    except ValueError:
        return False
    return True
