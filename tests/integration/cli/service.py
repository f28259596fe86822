"""The API and the store, as far as an upload meets them, at the pace that a test sets.

It knows what it has by hash, as the API does (tests/integration/api/test_uploads.py shows that), and counts what it is
sent. Everything else is the real thing: the program, its terminal, its sockets and files, the user pool.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections_cli.resources import ClientConfig


class Service:
    """What is there, and how many more files may come."""

    def __init__(self, config: ClientConfig) -> None:
        self.config = config
        self.url = ""
        self.stored: Counter[str] = Counter()
        """Hash of a file -> how often it was sent whole."""
        self.may_come = threading.Semaphore(0)
        self.hold_back = False
        """Whether a file is taken only when `may_come` lets it in."""
        self.failing = 0
        """So many of the next calls answer 503."""
        self.found: list[dict[str, Any]] = []
        """What a search finds."""
        self.thumbnail = b""

    def announce(self, announced: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer `POST /uploads`."""
        digest = announced["sha256"]
        if self.stored[digest]:
            return 200, {"id": digest[:8]}
        return 201, {"item_id": digest[:8], "url": f"{self.url}/store", "fields": {"key": digest}}

    def store(self, form: bytes) -> int:
        """Take a file in, as S3 takes a presigned form."""
        if self.hold_back:
            self.may_come.acquire()
        content = re.search(rb'name="file".*?\r\n\r\n(.*)\r\n--', form, re.DOTALL)
        assert content is not None
        self.stored[sha256(content[1]).hexdigest()] += 1
        return 204


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def service(self) -> Service:
        return cast("_Server", self.server).service

    def do_GET(self) -> None:
        if self.path == "/config.json":
            self._answer(200, self.service.config)
        elif self.path == "/health":
            self._answer(200, {"status": "ok", "database": "ok", "version": "test"})
        elif self.path == "/thumbnail":
            self._answer(200, self.service.thumbnail)
        else:
            self._answer(200, {"items": [], "total": 0, "next_cursor": None})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/store":
            self._answer(self.service.store(body), None)
        elif self.service.failing > 0:
            self.service.failing -= 1
            self._answer(503, {"detail": "The database is busy."})
        elif self.path == "/search":
            self._answer(200, {"results": self.service.found})
        else:
            self._answer(*self.service.announce(json.loads(body)))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""

    def _answer(self, status: int, value: Any) -> None:
        body = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: Service

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes in the middle is what the tests are about."""


@contextmanager
def serving(config: ClientConfig) -> Generator[Service]:
    """The service, on a free port."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.service = service = Service(config)
        service.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            service.hold_back = False
            service.may_come.release(1000)
            server.shutdown()
            thread.join()
