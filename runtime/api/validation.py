"""Turns what pydantic and FastAPI say about an invalid request into sentences: which field, what is allowed, what was
given."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

GIVEN_LENGTH = 80
"""Characters of a value that are repeated to whoever sent it."""

UNKNOWN = "extra_forbidden"
"""Pydantic's type of the error for a field that the model does not have."""


WITHOUT_NUL = "text without NUL characters"
"""What is allowed in any text: Postgres cannot hold them."""


class InvalidField(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(description="Where it is: `query`, `top_k`, …")
    message: str = Field(description="What is allowed")
    given: str | None = Field(description="What was sent, cut to its beginning; null if nothing was")

    def __str__(self) -> str:
        given = "" if self.given is None else f" (given: {self.given})"
        return f"{self.field}: {self.message}{given}."


async def refuse_unknown_parameters(request: Request) -> None:
    """A dependency of every route: a misspelt query parameter is an error, not a wish that goes unheard.

    Raises `RequestValidationError`.
    """
    route: APIRoute = request.scope["route"]
    allowed = {parameter.alias for parameter in route.dependant.query_params}
    unknown = [name for name in request.query_params if name not in allowed]
    if unknown:
        raise RequestValidationError(
            [
                {"type": UNKNOWN, "loc": ("query", name), "msg": "", "input": request.query_params[name]}
                for name in unknown
            ]
        )


async def refuse_nul_in_parameters(request: Request) -> None:
    """A dependency of every route, for what is in its path and query; bodies see to it themselves.

    Raises `RequestValidationError`.
    """
    given = [("path", name, value) for name, value in request.path_params.items()]
    given += [("query", name, value) for name, value in request.query_params.multi_items()]
    broken = [
        {"type": "value_error", "loc": (place, name), "msg": WITHOUT_NUL, "input": value}
        for place, name, value in given
        if "\x00" in str(value)
    ]
    if broken:
        raise RequestValidationError(broken)


def is_unreadable(error: RequestValidationError) -> bool:
    """Whether the body is no JSON at all, as opposed to JSON that says something impossible."""
    return any(detail["type"] == "json_invalid" for detail in error.errors())


def invalid_fields(error: RequestValidationError, route: object) -> list[InvalidField]:
    """Describe each of `error`'s complaints; `route` is the one that was called, whose fields name what is allowed."""
    details: Sequence[Mapping[str, Any]] = error.errors()
    return [
        InvalidField(field=_field(detail["loc"]), message=_message(detail, route), given=_given(detail))
        for detail in details
    ]


def _field(location: Sequence[str | int]) -> str:
    """`("body", "tags", 0)` as `tags.0`, `("body",)` as `body`."""
    return ".".join(str(part) for part in location[1:]) or str(location[0])


def _message(detail: Mapping[str, Any], route: object) -> str:
    if detail["type"] == "json_invalid":
        return f"not valid JSON: {detail['ctx']['error']} at character {detail['loc'][-1]}"
    if detail["type"] == UNKNOWN:
        allowed = _allowed(detail["loc"][0], route)
        return f"unknown; allowed are {', '.join(allowed)}" if allowed else "unknown; none are allowed here"
    return str(detail["msg"])


def _allowed(place: str, route: object) -> list[str]:
    """Names that `route` takes in its query or in the top level of its body."""
    if not isinstance(route, APIRoute):
        return []
    if place == "query":
        return [parameter.alias for parameter in route.dependant.query_params]
    model = route.body_field.field_info.annotation if route.body_field else None
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


def _given(detail: Mapping[str, Any]) -> str | None:
    if detail["type"] in {"missing", "json_invalid"}:
        return None
    text = json.dumps(detail["input"], default=str)
    return text if len(text) <= GIVEN_LENGTH else f"{text[:GIVEN_LENGTH]}…"
