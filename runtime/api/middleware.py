"""What happens to every request before and after its route, as plain ASGI."""

from http import HTTPStatus
from time import perf_counter

from aws_lambda_powertools import Logger
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.api.auth import SIGN_IN, is_public
from runtime.api.gateway import request_id, verified_user
from runtime.api.problems import problem_response
from runtime.observability import count_failure, handled

logger = Logger()

UNEXPECTED = "Something went wrong on our side. Try again; if it stays so, report the request id."


MAX_BODY_BYTES = 256 * 1024
"""Of JSON: the longest note that may be sent, escaped, takes less."""

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
}
"""What every answer tells a browser, unless its route says otherwise. What is no page may load and do nothing."""


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every answer, those of the other middleware included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class Edge:
    """The outermost edge: logs every request, and answers what nobody caught with a problem that tells no details."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = perf_counter()
        status: int | None = None

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            logger.exception("Unexpected error", method=scope["method"], path=scope["path"])
            if status is not None:
                raise
            await problem_response(scope, 500, UNEXPECTED)(scope, receive, watch)
        milliseconds = (perf_counter() - started) * 1000
        logger.info(
            "Request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            milliseconds=round(milliseconds),
            request_id=request_id(scope),
        )
        handled(milliseconds)
        if status is not None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            count_failure("transient" if status == HTTPStatus.SERVICE_UNAVAILABLE else "unexpected")


class Head:
    """Answers HEAD as GET does, without the body (RFC 9110, section 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self.app({**scope, "method": "GET"}, receive, send_without_body)


class RequireUser:
    """Refuses whoever API Gateway did not verify, except on public paths, before anything of the request is parsed."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        user_id = verified_user(scope)
        if user_id is not None:
            logger.append_keys(user_id=user_id)
        elif not is_public(scope["path"]):
            await problem_response(scope, 401, SIGN_IN, headers={"WWW-Authenticate": "Bearer"})(scope, receive, send)
            return
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses bodies that no route needs, before anything parses them. Forms carry images, and their route sees to
    their size."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if Headers(scope=scope).get("content-type", "").startswith("multipart/form-data"):
            await self.app(scope, receive, send)
            return
        body = bytearray()
        more = True
        while more and len(body) <= MAX_BODY_BYTES:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if len(body) > MAX_BODY_BYTES:
            detail = f"The body is larger than {MAX_BODY_BYTES} bytes, the most that is taken here."
            await problem_response(scope, 413, detail)(scope, receive, send)
            return
        rest: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return rest.pop() if rest else await receive()

        await self.app(scope, replay, send)
