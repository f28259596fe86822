"""API Gateway over HTTP: what arrives becomes an event for a handler, as after a token was verified."""

import asyncio
import base64
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from tests.gateway import CONTEXT, Handler, gateway_event


@contextmanager
def serve(handler: Handler, user_id: str) -> Generator[str]:
    """Serves `handler` to `user_id` on a free port of this machine; its address."""

    class Endpoint(BaseHTTPRequestHandler):
        def answer(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            event = gateway_event(self.command, path, user_id, {}, b"", None, headers)
            body = self.rfile.read(int(headers.get("content-length", 0)))
            event |= {"rawQueryString": query, "isBase64Encoded": True, "body": base64.b64encode(body).decode()}
            answer = handler(event, CONTEXT)
            content = answer["body"].encode()
            if answer["isBase64Encoded"]:
                content = base64.b64decode(content)
            self.send_response(answer["statusCode"])
            for name, value in answer.get("headers", {}).items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            """Silent."""

    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = Thread(target=_serve, args=[server])
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _serve(server: HTTPServer) -> None:
    """With an event loop, which Mangum looks for and only a main thread has by itself."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        server.serve_forever(poll_interval=0.05)
    finally:
        loop.close()
