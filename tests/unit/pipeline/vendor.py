"""A vendor that answers what a test told it to, on loopback, so that the real SDKs have somebody to talk to."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from tests.serving import Quiet, serving


class Reply(NamedTuple):
    """One answer."""

    status: int
    body: Any
    """JSON, or bytes as they are."""
    headers: dict[str, str] = {}  # noqa: RUF012 - a NamedTuple's default, never changed


class Vendor:
    """Answers requests with the replies that were prepared, in order, the last one again and again."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.requests: list[dict[str, Any]] = []
        self.raw: list[bytes] = []
        """Bodies of the requests, as they came."""
        self.headers: list[dict[str, str]] = []
        """Of the requests, by name in lower case."""
        self.url = ""

    def answer(self, request: dict[str, Any]) -> Reply:
        self.requests.append(request)
        return self.replies[min(len(self.requests), len(self.replies)) - 1]


@contextmanager
def running_vendor() -> Generator[Vendor]:
    """A vendor at `url`, for as long as the block lasts."""
    vendor = Vendor()

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            vendor.raw.append(content)
            vendor.headers.append({name.lower(): value for name, value in self.headers.items()})
            request = json.loads(content)
            self._reply(vendor.answer({"path": self.path, **request}))

        def do_GET(self) -> None:
            self._reply(vendor.answer({"path": self.path}))

        def do_DELETE(self) -> None:
            self.do_GET()

        def _reply(self, reply: Reply) -> None:
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"content-type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with serving(Handler) as vendor.url:
        yield vendor
