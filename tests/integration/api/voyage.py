"""A stand-in for Voyage's API on loopback, so that the real SDK runs: every text is embedded in one direction."""

import base64
import json
import math
import struct
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from runtime.settings import EMBEDDING_DIMENSIONS

TOKENS = 7
RERANK_TOKENS = 40


def direction(angle: float) -> list[float]:
    """A unit vector; the cosine of two is the cosine of the angle between them, in degrees."""
    radians = math.radians(angle)
    return [math.cos(radians), math.sin(radians)] + [0.0] * (EMBEDDING_DIMENSIONS - 2)


@dataclass
class Voyage:
    """What the stand-in answers, and what it was asked."""

    url: str
    angle: float = 0
    """Of every vector, in degrees."""
    status: int = 200
    rerank_status: int = 200
    relevant: str = ""
    """Of documents, the reranker likes those best that have this."""
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    reranked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def reset(self) -> None:
        self.angle, self.status, self.rerank_status, self.relevant = 0, 200, 200, ""
        self.requests.clear()
        self.reranked.clear()

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        self.requests.append(request)
        vector = base64.b64encode(struct.pack(f"<{EMBEDDING_DIMENSIONS}f", *direction(self.angle))).decode()
        return {
            "object": "list",
            "data": [{"object": "embedding", "index": i, "embedding": vector} for i in range(len(request["input"]))],
            "model": request["model"],
            "usage": {"total_tokens": TOKENS},
        }

    def rank(self, request: dict[str, Any]) -> dict[str, Any]:
        self.reranked.append(request)
        scores = [0.9 if self.relevant in document else 0.1 for document in request["documents"]]
        return {
            "object": "list",
            "data": [{"index": place, "relevance_score": score} for place, score in enumerate(scores)],
            "model": request["model"],
            "usage": {"total_tokens": RERANK_TOKENS},
        }


@contextmanager
def serve_voyage() -> Generator[Voyage]:
    """Runs the stand-in on a free port."""

    class Endpoint(BaseHTTPRequestHandler):
        # Connections are kept, as the vendor keeps them.
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reranks = self.path.endswith("/rerank")
            status = voyage.rerank_status if reranks else voyage.status
            reply = (voyage.rank if reranks else voyage.answer)(request) if status == 200 else {"detail": "no"}
            body = json.dumps(reply).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
            """Silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        voyage = Voyage(f"http://127.0.0.1:{server.server_port}/v1")
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield voyage
        finally:
            server.shutdown()
            thread.join()
