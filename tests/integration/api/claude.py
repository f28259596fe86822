"""The local stack's stand-in for Claude, on a free port, so that the real SDK runs."""

import socket
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from local.models.server import create_app


@dataclass(frozen=True)
class Claude:
    """Where the stand-in is, and how it is steered."""

    url: str
    control: httpx.Client

    def reset(self) -> None:
        """Behave, and count from zero."""
        self.control.delete("/faults").raise_for_status()
        self.control.delete("/calls").raise_for_status()

    def misbehave(self, kind: str, **plan: object) -> None:
        """Spoil what is asked from now on."""
        self.control.post("/faults", json={"endpoint": "messages", "kind": kind, **plan}).raise_for_status()

    def wait_for_calls(self, count: int) -> None:
        """Until so many calls have come to their end, also those that nobody waits for any more."""
        deadline = time.monotonic() + 20
        while self.calls < count:
            assert time.monotonic() < deadline, f"{self.calls} calls, not {count}"
            time.sleep(0.05)

    @property
    def calls(self) -> int:
        """Since the last reset."""
        return self.control.get("/calls").json()["messages"]["total"]


def _fail(error: BaseException) -> None:
    raise error


@contextmanager
def serve_claude() -> Generator[Claude]:
    """Runs the stand-in in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # As asyncio would have it for a socket of its own: an answer's end does not wait until its beginning arrived.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        stand_in = create_app(_fail, instant=True)
        # Connections are kept for longer than a busy machine lets one wait.
        config = uvicorn.Config(stand_in, log_level="warning", access_log=False, timeout_keep_alive=60)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(base_url=url, trust_env=False, timeout=20) as control:
                yield Claude(url, control)
        finally:
            server.should_exit = True
            thread.join()
