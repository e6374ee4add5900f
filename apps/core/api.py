"""The API's manners: who may come in, how errors look, how JSON is written. The routers are in each app's api.py."""

import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, ProgrammingError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.encoding import escape_uri_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError, ValidationErrorContext
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import BaseRenderer
from ninja.security import APIKeyCookie, HttpBearer

from apps.core.actors import Actor, actor_of
from apps.core.bodies import UnreadableBody
from apps.core.conflicts import Conflict
from apps.core.limits import TooManyRequests, note_wrong_token, spend_request
from apps.core.models import ApiToken
from apps.core.openapi import describe_errors
from apps.core.pages import Shown, page_as_json

logger = logging.getLogger(__name__)
READING = ("GET", "HEAD", "OPTIONS")


class TokenAuth(HttpBearer):
    """`Authorization: Bearer aria_...`"""

    def __call__(self, request: HttpRequest) -> Actor | None:
        """As ninja's own, without making a dict of all headers first."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        return self.authenticate(request, token) if scheme.lower() == self.openapi_scheme else None

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        known = ApiToken.for_secret(token)
        if known is None:
            if settings.ARIA_API_AUTH == "token":
                note_wrong_token(request)
            return None
        spend_request(request, str(known.pk))
        known.touch()
        return allowed(request, known.actor())


class SessionAuth(APIKeyCookie):
    """A person logged in to the site; CSRF is checked."""

    param_name = settings.SESSION_COOKIE_NAME

    def _get_key(self, request: HttpRequest) -> str | None:
        """None, and so no CSRF check, where nobody is logged in: another door may be the right one."""
        user = getattr(request, "user", None)  # not there in the lane of tokens
        return super()._get_key(request) if user and user.is_authenticated else None

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        return allowed(request, actor_of(request)) if key else None


def anyone(request: HttpRequest) -> Actor | None:
    """ARIA_API_AUTH=none: the network is trusted, but not every web page that its people happen to open."""
    origin = request.headers.get("Origin")
    foreign = origin and urlsplit(origin).netloc != request.get_host()
    foreign = foreign and origin not in settings.CORS_ALLOWED_ORIGINS
    return None if foreign or settings.ARIA_API_AUTH != "none" else Actor("anyone", "anyone", "admin")


def allowed(request: HttpRequest, actor: Actor) -> Actor:
    if not actor.may("read" if request.method in READING else "write"):
        raise HttpError(403, f"The token '{actor.name}' may only read.")
    return actor


def require_admin(request: HttpRequest) -> None:
    """For what reaches beyond the warehouse's rows (services, files, maintenance), and for the limits of agents."""
    if not actor_of(request).may("admin"):
        raise HttpError(403, "This needs the scope 'admin'.")


class JSONRenderer(BaseRenderer):
    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data)


def to_json(data: Any) -> bytes:
    """Times as 2026-11-22T21:51:28.525574+00:00, decimals as numbers."""
    try:
        return orjson.dumps(data, default=float, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # A column may hold JSON that orjson refuses: integers beyond 64 bits, 255 levels and more.
        return json.dumps(data, default=plain).encode()


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


def answer(data: Any, status: int = 200, **headers: str) -> HttpResponse:
    """A response past the schema: our own rows need no validation, and that is the cost of a long list."""
    return HttpResponse(to_json(data), content_type="application/json", status=status, headers=headers)


def page_list(
    rows: QuerySet,
    fields: Sequence[Shown],
    page: int,
    limit: int,
    item: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    count_most: Callable[[], int] | None = None,
) -> HttpResponse:
    """The contract's page list, in one query; `item` makes the contract's item of a row's `fields`, read from JSON.

    `count_most` counts the rows where they are many.
    """
    total, items = page_as_json(rows, fields, (max(page, 1) - 1) * limit, limit, count_most)
    return answer(
        {
            "items": [item(row) for row in json.loads(items)] if item else orjson.Fragment(items),
            "total": total,
            "page": page,
            "limit": limit,
            "pages": -(-total // limit) if limit else 0,
        }
    )


class AriaAPI(NinjaAPI):
    """NinjaAPI with the contract's error bodies."""

    def get_openapi_schema(self, *, path_prefix: str | None = None, path_params: Any = None) -> OpenAPISchema:
        """Paths are relative to the server's address, as in the contract."""
        description = super().get_openapi_schema(path_prefix=path_prefix or "", path_params=path_params)
        describe_errors(description)
        return description

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Unless the operation has a name of its own. Clients call their methods by it."""
        return operation.view_func.__name__

    def validation_error_from_error_contexts(self, error_contexts: list[ValidationErrorContext]) -> ValidationError:
        """Name the field as the caller knows it: without the name of our own parameter around it."""
        errors = []
        for context in error_contexts:
            model = context.model
            wrappers = {getattr(model, "__read_from_single_attr__", None)} | {
                path[0] for path in getattr(model, "__ninja_flatten_map__", {}).values() if len(path) > 1
            }
            for error in context.pydantic_validation_error.errors(include_url=False):
                loc = error["loc"][1:] if error["loc"][:1] and error["loc"][0] in wrappers else error["loc"]
                errors.append(dict(error) | {"loc": (model.__ninja_param_source__, *loc)})
        return ValidationError(errors)

    def problem(self, request: HttpRequest, status: int, **body: Any) -> HttpResponse:
        return self.create_response(request, body, status=status)

    def answer_errors(self) -> None:
        """Register the handlers below."""
        handlers: dict[type[Exception], Callable[..., HttpResponse]] = {
            ValidationError: self.on_invalid,
            HttpError: self.on_http_error,
            RequestDataTooBig: self.on_too_big,
            TooManyRequests: self.on_too_many,
            Http404: self.on_missing,
            ObjectDoesNotExist: self.on_missing,
            DataError: self.on_data_error,
            Conflict: self.on_conflict,
            IntegrityError: self.on_collision,
            ProgrammingError: self.on_missing_table,
            OperationalError: self.on_no_database,
            InterfaceError: self.on_no_database,
            Exception: self.on_bug,
        }
        for kind, handler in handlers.items():
            self.add_exception_handler(kind, handler)

    def on_invalid(self, request: HttpRequest, error: ValidationError) -> HttpResponse:
        errors = [{key: value if key != "ctx" else str(value) for key, value in e.items()} for e in error.errors]
        return HttpResponse(orjson.dumps({"detail": errors}, default=str), "application/json", 422)

    def on_http_error(self, request: HttpRequest, error: HttpError) -> HttpResponse:
        if isinstance(error.__cause__, UnreadableBody):
            detail = [{"type": "json_invalid", "loc": ("body",), "msg": str(error.__cause__), "input": None}]
            return self.problem(request, 422, detail=detail)
        return self.problem(request, error.status_code, detail=str(error))

    def on_too_big(self, request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
        return self.problem(request, 413, detail="Request body too large")

    def on_too_many(self, request: HttpRequest, error: TooManyRequests) -> HttpResponse:
        response = self.problem(request, 429, detail=str(error))
        response["Retry-After"] = str(error.wait)
        return response

    def on_missing(self, request: HttpRequest, error: Exception) -> HttpResponse:
        return self.problem(request, 404, detail=str(error) or "Not Found")

    def on_data_error(self, request: HttpRequest, error: DatabaseError) -> HttpResponse:
        return self.problem(request, 422, detail="A value is too long, too large or not storable.")

    def on_conflict(self, request: HttpRequest, error: Conflict) -> HttpResponse:
        """The answer carries the row as it is now, so that the writer can decide anew."""
        current = {str(error.row._meta.model_name): error.current()}
        return self.problem(request, 409, detail=str(error), **current)

    def on_collision(self, request: HttpRequest, error: IntegrityError) -> HttpResponse:
        return self.problem(request, 409, detail="This conflicts with a row that is already there.")

    def on_missing_table(self, request: HttpRequest, error: ProgrammingError) -> HttpResponse:
        logger.error("the database lacks what %s needs", request.path, exc_info=error)
        return self.problem(
            request,
            503,
            error="Database table not available",
            detail="A table or column is missing.",
            path=request.path,
            hint="Run: python manage.py adopt --apply",
        )

    def on_no_database(self, request: HttpRequest, error: DatabaseError) -> HttpResponse:
        logger.error("no database for %s: %s", request.path, error)
        response = self.problem(
            request,
            503,
            error="Database connection error",
            detail="The database does not answer; try again.",
            path=request.path,
        )
        response["Retry-After"] = "5"
        return response

    def on_bug(self, request: HttpRequest, error: Exception) -> HttpResponse:
        logger.error("unhandled error in %s %s", request.method, request.path, exc_info=error)
        return self.problem(
            request,
            500,
            error="Internal server error",
            detail="The site's log has the details.",
            type=type(error).__name__,
            path=request.path,
        )


def mounted(api: NinjaAPI) -> list[Any]:
    """The API's URLs with what ninja leaves open: JSON for 405, HEAD beside GET, and no login page in the way.

    The reference and its OpenAPI file stay behind the login.
    """
    patterns, _, _ = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern) and pattern.name not in ("openapi-json", "openapi-view"):
            assert pattern.callback is not None
            pattern.callback = polite(pattern.callback)
    return patterns


def polite(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @csrf_exempt
    @login_not_required
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        method = request.method
        request.method = "GET" if method == "HEAD" else method
        response = view(request, *args, **kwargs)
        request.method = method
        if budget := getattr(request, "budget", None):
            for name, value in budget.headers().items():
                response[name] = value
        if method == "HEAD" and response.streaming:
            response.close()  # a stream nobody reads need not run
            return HttpResponse(status=response.status_code, headers=dict(response.items()))
        if response.status_code == 405:
            return answer({"detail": "Method Not Allowed"}, status=405, Allow=response["Allow"])
        return response

    return wrapped


@csrf_exempt
@login_not_required
def no_such_path(request: HttpRequest, path: str) -> HttpResponse:
    """404 in the contract's words; a trailing slash leads to the path without it."""
    if path.endswith("/") and path.strip("/"):
        query = f"?{request.META['QUERY_STRING']}" if request.META.get("QUERY_STRING") else ""
        return HttpResponse(status=307, headers={"Location": escape_uri_path(request.path.rstrip("/")) + query})
    return answer({"detail": "Not Found"}, status=404)
