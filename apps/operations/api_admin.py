"""What reaches beyond the warehouse: services to control, files to read."""

import logging
import secrets

from django.conf import settings
from django.http import HttpRequest
from ninja import Header, Router, Schema
from ninja.errors import HttpError

from apps.core.actors import actor_of
from apps.core.api import answer, require_admin
from apps.core.openapi import may_fail
from apps.operations import service_control, workspace

logger = logging.getLogger(__name__)
router = Router(tags=["Admin"])


class CommandOutcome(Schema):
    status: str
    code: int
    stdout: str
    stderr: str


class SoulFile(Schema):
    filename: str
    content: str


class WorkspaceEntry(Schema):
    path: str
    type: str
    size: int | None
    mtime: float | None


class WorkspaceFile(Schema):
    path: str
    content: str


@router.post(
    "/admin/services/{service_id}/{action}",
    response=CommandOutcome,
    summary="Run a service's command",
    openapi_extra=may_fail(400, 500),
)
def control_service(
    request: HttpRequest, service_id: str, action: str, x_admin_token: str = Header("", alias="X-Admin-Token")
):
    """Needs the scope `admin` and the header `X-Admin-Token`; `action` is restart, stop or start."""
    require_admin(request)
    require_service_control(x_admin_token)
    if action not in service_control.ACTIONS:
        raise HttpError(400, "Invalid action")
    command = service_control.command_for(service_id, action)
    if not command:
        raise HttpError(400, f"No command configured for {service_id}:{action}")
    logger.warning("%s runs %s of the service %s", actor_of(request).name, action, service_id)
    try:
        outcome = service_control.run(command)
    except service_control.CommandFailed as error:
        raise HttpError(500, str(error)) from error
    return {"status": "error" if outcome.code else "ok", **vars(outcome)}


def require_service_control(token: str) -> None:
    if not settings.ARIA_SERVICE_CONTROL_ENABLED:
        raise HttpError(403, "Service control disabled")
    if not settings.ARIA_ADMIN_TOKEN:
        raise HttpError(403, "Admin token not configured")
    if not secrets.compare_digest(token.encode(), settings.ARIA_ADMIN_TOKEN.encode()):
        raise HttpError(401, "Unauthorized")


@router.get(
    "/soul/{filename}",
    response=SoulFile,
    summary="One of the files that make the agent what it is",
    operation_id="read_soul",
    openapi_extra=may_fail(413),
)
def soul(request: HttpRequest, filename: str):
    if filename not in workspace.SOULS:
        raise HttpError(404, "Soul file not found")
    return {"filename": filename, "content": text_at("mind", filename, "Soul file not found")}


@router.get(
    "/admin/files/{scope}",
    response=list[WorkspaceEntry],
    summary="All files of one of the agent's folders",
    openapi_extra=may_fail(403),
)
def list_files(request: HttpRequest, scope: str):
    """`scope` is mind, memories, agents or souvenirs. Needs the scope `admin` of the token."""
    require_scope(request, scope)
    return answer(workspace.entries(scope))


@router.get(
    "/admin/files/{scope}/{path:path}",
    response=WorkspaceFile,
    summary="The text of one of these files",
    openapi_extra=may_fail(400, 403, 413, 415),
)
def read_file(request: HttpRequest, scope: str, path: str):
    """Up to 1 MB. Needs the scope `admin` of the token."""
    require_scope(request, scope)
    return answer({"path": path, "content": text_at(scope, path, "File not found")})


def require_scope(request: HttpRequest, scope: str) -> None:
    if scope not in workspace.SCOPES:
        raise HttpError(404, "Not Found")
    require_admin(request)


def text_at(scope: str, path: str, missing: str) -> str:
    try:
        file = workspace.file_at(scope, path)
        if file.suffix.lower() not in workspace.READABLE:
            raise HttpError(415, f"Cannot render {file.suffix} files")
        return workspace.text_of(file)
    except workspace.InvalidPath:
        raise HttpError(400, "Invalid path") from None
    except FileNotFoundError:
        raise HttpError(404, missing) from None
    except workspace.TooLarge:
        raise HttpError(413, f"The file is larger than {workspace.LARGEST_FILE} bytes") from None
