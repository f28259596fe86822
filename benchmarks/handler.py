"""The image processor's handler on a real database, with an S3 and an EventBridge that answer at once."""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, cast
from urllib.parse import urlsplit
from uuid import uuid4

from aws_lambda_powertools.utilities.typing import LambdaContext

from local.postgres import Postgres
from runtime import items
from runtime.aws import calls, objects
from runtime.aws.connection import Answer
from runtime.aws.places import credentials, region
from runtime.aws.signing import Request, signed_headers
from runtime.database import connect
from runtime.keys import original_key
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE, create_login, upgrade
from runtime.postgres import Database
from runtime.records import ItemRecord

_OWNER = "collections_owner"
_USER = "bench"
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "STACK": "bench",
    "BUCKET_NAME": "bench",
    "EVENT_BUS": "bench",
    "QUEUE_URL": "bench",
    "MAX_RECEIVES": "5",
    "MAX_UPLOAD_MB": "50",
    "MAX_MEGAPIXELS": "60",
    "POWERTOOLS_SERVICE_NAME": "image_processor",
    "POWERTOOLS_METRICS_NAMESPACE": "Collections",
}
_CONTEXT = SimpleNamespace(
    function_name="bench",
    function_version="1",
    memory_limit_in_mb=2048,
    invoked_function_arn="arn:aws:lambda:eu-central-1:000000000000:function:bench",
    aws_request_id="bench",
    get_remaining_time_in_millis=lambda: 60_000,
)


@dataclass(frozen=True)
class HandlerAtWork:
    """The handler, and what it needs for one image after the other."""

    database: Database
    objects: dict[str, bytes]
    """By path, as S3 has them."""
    handler: Callable[[dict[str, Any], LambdaContext], Any]

    def upload(self, body: bytes) -> dict[str, Any]:
        """The message about a new image; nothing of this belongs to the handler's time."""
        item_id = uuid4()
        key = original_key(_USER, item_id, "png")
        item = ItemRecord(
            id=item_id,
            user_id=_USER,
            original_key=key,
            original_filename="screenshot.png",
            mime_type="image/png",
            file_size=len(body),
        )
        with self.database.tenant(_USER) as connection:
            items.create(connection, item)
        # Other bytes each time, behind the image's end: the same ones would be a duplicate, and no work.
        self.objects[f"/{key}"] = body + item_id.bytes
        return _message(key, len(body))

    def handle(self, message: dict[str, Any]) -> None:
        """Raises `RuntimeError` with the handler's log when the message failed."""
        with tempfile.TemporaryFile("w+") as log:
            with logging_to(log):
                answer = self.handler({"Records": [message]}, cast("LambdaContext", _CONTEXT))
            if answer["batchItemFailures"]:
                log.seek(0)
                raise RuntimeError(f"the handler failed:\n{log.read()}")


@contextmanager
def handler_at_work() -> Generator[HandlerAtWork]:
    """Starts a database for it, and stops that afterwards."""
    with tempfile.TemporaryDirectory() as folder, Postgres(Path(folder) / "postgres", durable=False) as server:
        server.create(username=_OWNER, password=_OWNER, database="collections")
        owner = connect(_url(server, _OWNER), pool_size=2)
        for role in (FUNCTIONS_ROLE, SWEEPER_ROLE):
            create_login(owner, _url(server, role), role)
        upgrade(owner)
        owner.dispose()
        # Addresses would take the bucket's name from the host to the path, where nobody looks for it here.
        os.environ.pop("AWS_ENDPOINT_URL", None)
        os.environ.update(_ENVIRONMENT, DATABASE_URL=_url(server, FUNCTIONS_ROLE))
        # Its module reads the environment, as Lambda's does.
        from runtime.handlers import image_processor

        objects = _answer_at_once()
        database = Database(_url(server, FUNCTIONS_ROLE))
        yield HandlerAtWork(database, objects, image_processor.handler)
        database.close()
        image_processor.start().step.database.close()


@contextmanager
def logging_to(file: IO[str]) -> Generator[None]:
    """Have the log written, for that takes time too, but not onto the screen."""
    sys.stdout.flush()
    screen = os.dup(1)
    os.dup2(file.fileno(), 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(screen, 1)
        os.close(screen)


def _url(server: Postgres, role: str) -> str:
    return f"postgresql://{role}:{role}@{server.host}:{server.port}/collections?sslmode=disable"


def _answer_at_once() -> dict[str, bytes]:
    """Has requests made and signed, but not sent; the objects that S3 has."""
    stored: dict[str, bytes] = {}

    def answer(request: Request, read: Callable[[Answer], Any], _most_bytes: int | None = None) -> Any:
        signed_headers(request, region(), credentials(), datetime.now(UTC))
        if request.service == "events":
            return read(Answer({}, b'{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}'))
        return read(Answer({}, stored[urlsplit(request.url).path] if request.method == "GET" else b""))

    objects.send = calls.send = answer
    return stored


def _message(key: str, size: int) -> dict[str, Any]:
    event = {
        "id": str(uuid4()),
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "bench"}, "object": {"key": key, "size": size}},
    }
    return {
        "messageId": str(uuid4()),
        "receiptHandle": "bench",
        "body": json.dumps(event),
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:bench",
        "awsRegion": "eu-central-1",
    }
