"""Errors as `application/problem+json` (RFC 9457): the one way in which the application refuses or fails."""

from http import HTTPStatus
from math import ceil
from typing import Any

import psycopg
from aws_lambda_powertools import Logger
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from runtime.api.gateway import request_id
from runtime.api.validation import InvalidField, invalid_fields, is_unreadable
from runtime.events import PublishError
from runtime.failures import PermanentError, TransientError
from runtime.limits import LimitReachedError
from runtime.pagination import InvalidCursorError
from runtime.records import now

logger = Logger()

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
ACCOUNT_IS_KEPT = "account_is_kept"
"""The policy by which the database takes nothing new in for an account whose deletion was asked for."""
BEING_DELETED = "This account is being deleted. Nothing new can be added, and it cannot be undone."


class Problem(BaseModel):
    """Why a request was refused or failed, and what to do about it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "You have no item 3f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11.",
                "instance": "/items/3f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11",
                "request_id": "JKJaXmPLvHcESHA=",
            }
        }
    )

    type: str = Field(default="about:blank", description="`about:blank`: the status says it all")
    title: str = Field(description="The status in words")
    status: int
    detail: str = Field(description="What happened here, and what to do")
    instance: str = Field(description="Path of the request")
    request_id: str | None = Field(description="Quote it when you ask for help: it finds the log entries")
    errors: list[InvalidField] | None = Field(default=None, description="Each invalid field, for 422")


class ApiError(Exception):
    """A route's refusal; becomes a `Problem` with this status."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def not_found(what: str, identifier: object) -> ApiError:
    """The refusal for what does not exist and for what is another user's: the same, so that ids tell nothing."""
    return ApiError(404, f"You have no {what} {identifier}.")


def problem_response(
    scope: Scope,
    status: int,
    detail: str,
    *,
    errors: list[InvalidField] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """A problem as the response to the request of `scope`."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=scope["path"],
        request_id=request_id(scope),
        errors=errors,
    )
    return JSONResponse(
        problem.model_dump(mode="json", exclude={"errors"} if errors is None else None),
        status_code=status,
        headers=headers,
        media_type=MEDIA_TYPE,
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The OpenAPI description of the problems that a route answers with."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def register(app: FastAPI) -> None:
    """Make `app` answer with problems wherever a request is refused or something that it needs does not answer."""

    @app.exception_handler(ApiError)
    async def refused(request: Request, error: ApiError) -> JSONResponse:
        return problem_response(request.scope, error.status, error.detail)

    @app.exception_handler(HTTPException)
    async def refused_by_framework(request: Request, error: HTTPException) -> JSONResponse:
        better = FRAMEWORK_DETAILS.get(error.status_code)
        detail = better.format(method=request.method, path=request.url.path) if better else error.detail
        return problem_response(request.scope, error.status_code, detail, headers=dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = invalid_fields(error, request.scope.get("route"))
        detail = " ".join(str(invalid) for invalid in errors)
        return problem_response(request.scope, 400 if is_unreadable(error) else 422, detail, errors=errors)

    @app.exception_handler(InvalidCursorError)
    async def foreign_cursor(request: Request, _error: InvalidCursorError) -> JSONResponse:
        detail = "cursor: not one of ours. Send the `next_cursor` of the page before, unchanged, or none."
        return problem_response(request.scope, 400, detail)

    @app.exception_handler(psycopg.OperationalError)
    @app.exception_handler(psycopg.InterfaceError)
    async def database_down(request: Request, error: Exception) -> JSONResponse:
        logger.error("The database did not answer", exc_info=error)
        return unavailable(request, "The database does not answer. Try again in a moment.")

    @app.exception_handler(PublishError)
    async def bus_down(request: Request, error: Exception) -> JSONResponse:
        logger.error("The event bus did not take an event", exc_info=error)
        return unavailable(request, "What should be done cannot be handed on. Ask for it again in a moment.")

    @app.exception_handler(PermanentError)
    async def refused_by_vendor(request: Request, error: PermanentError) -> JSONResponse:
        return problem_response(request.scope, 422, str(error))

    @app.exception_handler(TransientError)
    async def vendor_down(request: Request, error: TransientError) -> JSONResponse:
        logger.error("A service that the request needs did not answer", exc_info=error)
        detail = "A service that this needs does not answer. Try again in a moment; `bm25` searches work without it."
        return unavailable(request, detail, error.retry_after)

    _register_refusals(app)


def _register_refusals(app: FastAPI) -> None:
    """What the user may not have, or not have any more."""

    @app.exception_handler(LimitReachedError)
    async def limit_reached(request: Request, error: LimitReachedError) -> JSONResponse:
        seconds = ceil((error.resets_at - now()).total_seconds())
        return problem_response(request.scope, 429, str(error), headers={"Retry-After": str(max(seconds, 1))})

    @app.exception_handler(psycopg.ProgrammingError)
    async def refused_by_database(request: Request, error: Exception) -> JSONResponse:
        if ACCOUNT_IS_KEPT not in str(error):
            raise error
        return problem_response(request.scope, 409, BEING_DELETED)


FRAMEWORK_DETAILS = {
    404: "There is nothing at {path}. `/openapi.json` lists what there is.",
    405: "{method} is not possible here. The header `Allow` says what is.",
}
"""Better words than the framework's, by status."""


def unavailable(request: Request, detail: str, retry_after: float | None = None) -> JSONResponse:
    """503, with when to come back, in seconds."""
    seconds = ceil(retry_after or RETRY_AFTER_SECONDS)
    return problem_response(request.scope, 503, detail, headers={"Retry-After": str(seconds)})
