"""Routes of a process that has one request at a time, as a function's has."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute


class InlineRoute(APIRoute):
    """Calls its function itself. FastAPI gives what is not `async` to a thread, and what it returned to another one for
    validation, so that other requests need not wait: there are none, and both wait for each other.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _awaitable(endpoint), **options)


class Router(APIRouter):
    """Of `InlineRoute`s. Takes what `APIRouter` takes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=InlineRoute, **options)


def _awaitable(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(endpoint)
    async def call(*arguments: Any, **named: Any) -> Any:
        return endpoint(*arguments, **named)

    return call
