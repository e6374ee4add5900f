"""A tool's JSON Schema, read off its signature."""

import inspect
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints


class Arg:
    """What an argument means, and its bounds in the words of JSON Schema (minimum, maxLength, pattern, ...)."""

    def __init__(self, description: str, **keywords: Any) -> None:
        self.schema = {"description": description, **keywords}


TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", dict: "object", list: "array"}


def parameters_of(function: Callable[..., Any]) -> dict[str, Any]:
    """The schema of a method's arguments. A parameter without a default is required, and no others are allowed.

    `Annotated[str, "What to look for"]` describes it; `Annotated[int, Arg("Seconds", minimum=1)]` bounds it too.
    """
    hints = get_type_hints(function, include_extras=True)
    properties, required = {}, []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        schema = schema_of(hints[parameter.name])
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        elif parameter.default is not None:
            schema["default"] = parameter.default
        properties[parameter.name] = schema
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def schema_of(hint: Any) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return {}
    if origin is Annotated:
        schema = schema_of(arguments[0])
        for note in arguments[1:]:
            schema |= note.schema if isinstance(note, Arg) else {"description": note}
        return schema
    if origin is Literal:
        return {"type": TYPES[type(arguments[0])], "enum": list(arguments)}
    if origin in (Union, UnionType):
        return either([schema_of(part) for part in arguments if part is not NoneType], NoneType in arguments)
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0])}
    return {"type": TYPES[origin or hint]}


def either(choices: list[dict[str, Any]], or_null: bool) -> dict[str, Any]:
    if len(choices) == 1 and or_null:
        # Null is as good as leaving it out; models send either.
        (schema,) = choices
        return (
            schema
            | {"type": [schema["type"], "null"]}
            | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})
        )
    return {"anyOf": [*choices, {"type": "null"}] if or_null else choices}
