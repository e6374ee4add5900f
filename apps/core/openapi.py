"""What the API's description says of all operations alike: the errors that they answer."""

from typing import Any

from apps.core.answers import Invalid, Problem, Unavailable

REASONS = {
    400: "The request cannot be followed; `detail` says why.",
    401: "No token, or one that is unknown, expired or revoked.",
    403: "The scope of the token does not reach that far.",
    404: "There is no such thing.",
    409: "This does not go together with what is there, or with what someone else has changed meanwhile.",
    413: "Too large: a body may have 2 MB, a batch 16 MB, a file that is read 1 MB.",
    415: "Files of this kind are not shown.",
    422: "A parameter or the body is not valid; each element of `detail` names one place.",
    429: "Too many requests; `Retry-After` says in how many seconds to come back.",
    500: "What the endpoint had to run or read has failed.",
    502: "Another system that the endpoint asks does not answer as it should.",
    503: "The database does not answer, or lacks a table.",
}
SCHEMAS = {422: Invalid, 503: Unavailable}
READING = ("get", "head")


def may_fail(*statuses: int) -> dict[str, Any]:
    """`openapi_extra` of an operation with errors beyond those that `common_errors` finds by itself."""
    return {"responses": {status: failure(status) for status in statuses}}


def describe_errors(description: dict[str, Any]) -> None:
    """Add to each operation the errors that its kind implies."""
    schemas = description["components"]["schemas"]
    for model in (Problem, Invalid, Unavailable):
        definition = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= definition.pop("$defs", {}) | {model.__name__: definition}
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            for status in common_errors(method, path, operation) - responses.keys():
                responses[status] = failure(status)
            operation["responses"] = dict(sorted(responses.items()))


def common_errors(method: str, path: str, operation: dict[str, Any]) -> set[int]:
    errors = {503}
    if operation.get("security"):
        errors |= {401, 429}
    if method not in READING:
        errors |= {403, 409}
    if "{" in path:
        errors.add(404)
    if operation["parameters"] or "requestBody" in operation:
        errors.add(422)
    if "requestBody" in operation:
        errors.add(413)
    return errors


def failure(status: int) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{SCHEMAS.get(status, Problem).__name__}"}
    return {"description": REASONS[status], "content": {"application/json": {"schema": schema}}}
