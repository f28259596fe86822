"""A service of AWS that answers what a test told it to, on loopback, and both ways to call it: ours and botocore's."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple

from botocore.config import Config
from botocore.session import Session

from tests.serving import Quiet, serving

REGION = "eu-central-1"
TOKEN = "IQoJb3JpZ2lu+/a b=~=="
ENVIRONMENT = {
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "ASIA+=EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "a secret/+ ",
    "AWS_SESSION_TOKEN": TOKEN,
}
_OF_ONE_SENDER = {"user-agent", "accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "expect", "connection"}
"""Headers that say who sends, or how it is sent, and nothing of what is asked."""


class Reply(NamedTuple):
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}  # noqa: RUF012 - a NamedTuple's default, never changed


class Received(NamedTuple):
    """A request, as it came."""

    method: str
    path: str
    headers: dict[str, str]
    """By name in lower case."""
    body: bytes


class Service:
    """Answers requests with the replies that were prepared, in order, the last one again and again."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply()]
        self.received: list[Received] = []
        self.url = ""

    def expect(self, *replies: Reply) -> None:
        """Begin anew, with these answers."""
        self.replies, self.received = list(replies), []


@contextmanager
def running_service() -> Generator[Service]:
    """A service at `url`, for as long as the block lasts."""
    service = Service()

    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            service.received.append(Received(self.command, self.path, headers, body))
            reply = service.replies[min(len(service.received), len(service.replies)) - 1]
            self.send_response(reply.status)
            for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        def do_POST(self) -> None:
            self.do_GET()

        def do_PUT(self) -> None:
            self.do_GET()

    with serving(Handler) as service.url:
        yield service


def botocores(service: str) -> Any:
    """botocore's client, which asks whom `AWS_ENDPOINT_URL` names, as ours does."""
    return Session().create_client(
        service,
        REGION,
        aws_access_key_id=ENVIRONMENT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=TOKEN,
        config=Config(signature_version="v4" if service != "s3" else "s3v4", retries={"total_max_attempts": 1}),
    )


def sent(service: Service, ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[Received, Received]:
    """What both have sent within one second, so that what is signed can be the same too."""
    while True:
        seen = len(service.received)
        ours()
        theirs()
        mine, sdks = (_asked(each) for each in service.received[seen:])
        if mine.headers["x-amz-date"] == sdks.headers["x-amz-date"]:
            return mine, sdks


def _asked(received: Received) -> Received:
    headers = {name: value for name, value in received.headers.items() if name not in _OF_ONE_SENDER}
    return received._replace(headers=headers)
