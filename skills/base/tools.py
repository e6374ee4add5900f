"""A tool: a method of a skill that an agent may call. Its schema is its signature, and each call of it is recorded."""

import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from jsonschema import Draft202012Validator

from skills.api_client.result import SkillResult
from skills.base.schemas import parameters_of

if TYPE_CHECKING:
    from skills.base.skill import Skill

logger = logging.getLogger(__name__)
LONGEST = 200  # characters of a complaint
P = ParamSpec("P")
S = TypeVar("S", bound="Skill")


@dataclass(frozen=True)
class Tool:
    name: str
    description: str
    parameters: dict[str, Any]
    validator: Draft202012Validator

    def manifest(self) -> dict[str, Any]:
        return {"name": self.name, "description": self.description, "input_schema": self.parameters}

    def problems(self, arguments: dict[str, Any]) -> str:
        errors = sorted(self.validator.iter_errors(arguments), key=lambda error: error.json_path)
        return "; ".join(f"{error.json_path[2:]}: {brief(error.message)}".removeprefix(": ") for error in errors)


def brief(message: str) -> str:
    """It quotes the argument, however long that is."""
    return message if len(message) <= LONGEST else f"{message[: LONGEST // 2]} ... {message[-LONGEST // 2 :]}"


def tool(
    function: Callable[Concatenate[S, P], Awaitable[SkillResult]],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, SkillResult]]:
    """Make a tool of an async method of a `Skill`; the docstring is what the agent reads about it.

    Whoever calls it, and however: wrong arguments and exceptions are results, and the call is recorded.
    """
    signature = inspect.signature(function)
    parameters = parameters_of(function)
    description = inspect.cleandoc(function.__doc__ or "")
    own = Tool(function.__name__, description, parameters, Draft202012Validator(parameters))

    @wraps(function)
    async def call(skill: S, /, *args: P.args, **kwargs: P.kwargs) -> SkillResult:
        started = time.perf_counter()
        result = SkillResult.fail("cancelled", error_type="CancelledError")
        try:
            bound = signature.bind_partial(skill, *args).arguments
            given = {**dict(list(bound.items())[1:]), **kwargs}
            if problems := own.problems(given):
                result = SkillResult.fail(f"{own.name}: {problems}", error_type="ValueError")
            else:
                result = await function(skill, *args, **kwargs)
        except Exception as error:
            logger.exception("%s.%s", skill.name, own.name)
            result = SkillResult.fail(f"{type(error).__name__}: {error}", error_type=type(error).__name__)
        finally:
            skill.api.record_call(skill.name, own.name, time.perf_counter() - started, result)
        return result

    call.tool = own  # type: ignore[attr-defined]
    return call
