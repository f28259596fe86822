"""Lambda's side of a function: hands out invocations and takes answers (runtime API 2018-06-01)."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self
from uuid import uuid4

LONGEST_SECONDS = 900
"""Until the deadline that functions are told: Lambda's own longest."""
_VERSION = "/2018-06-01/runtime"


class Answer(NamedTuple):
    """What a function said."""

    kind: str
    """`response`, or `error` of an invocation or of its start."""
    body: Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A function that is killed does not say good-bye."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class RuntimeApi:
    """A context manager that serves one function's runtime client."""

    def __init__(self) -> None:
        self.asked_at: float | None = None
        """When the function first asked for work, which ends its start; by `time.perf_counter`."""
        self._waiting: queue.Queue[bytes] = queue.Queue()
        self._answers: queue.Queue[Answer] = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        """For `AWS_LAMBDA_RUNTIME_API`."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def invoke(self, event: object, seconds: float) -> Answer:
        """Hand out one event and wait for its answer. Raises `queue.Empty` when none comes in time."""
        self._waiting.put(json.dumps(event).encode())
        return self._answers.get(timeout=seconds)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer's body does not wait until its headers have arrived.
            disable_nagle_algorithm = True

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
                """Nothing."""

            def do_GET(self) -> None:
                if self.path != f"{_VERSION}/invocation/next":
                    self.send_error(404)
                    return
                api.asked_at = api.asked_at or time.perf_counter()
                body = api._waiting.get()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", str(uuid4()))
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + LONGEST_SECONDS) * 1000)))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-1:0:function:image")
                self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
                self._finish(body)

            def do_POST(self) -> None:
                body = self._body()
                kind = "error" if self.path.endswith("/error") else "response"
                api._answers.put(Answer(kind, json.loads(body or b"null")))
                self.send_response(202)
                self._finish(b"{}")

            def _body(self) -> bytes:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def _finish(self, body: bytes) -> None:
                # AWS's client does not survive an answer without a type.
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
