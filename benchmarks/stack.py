"""The stack on this machine, for what is measured through all of it."""

import tempfile
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path

from collections_cli.client import http_client
from local.ports import Ports
from local.stack import LocalStack


@contextmanager
def local_stack() -> Generator[LocalStack]:
    """A stack of its own, with stand-ins that answer at once. Images that are uploaded to it stay as they are: the
    pipeline is told of none, for it would work on them while something else is measured."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalStack(folder=Path(folder), ports=Ports.free(), keys={}, durable=False, instant_models=True) as stack,
    ):
        stack.client("s3").put_bucket_notification_configuration(
            Bucket=stack.outputs["imageBucket"], NotificationConfiguration={}
        )
        yield stack


_TRIES = 10


def wake(stack: LocalStack, count: int) -> None:
    """Have so many of the API's functions started that as many requests at a time find one. Raises `RuntimeError` when
    they do not start: on a busy machine, several at once may take longer than the gateway waits."""
    with http_client() as http, ThreadPoolExecutor(count) as pool:
        for _ in range(_TRIES):
            asked = [pool.submit(http.get, f"{stack.api_url}/health", timeout=None) for _ in range(count)]
            if all(each.result().status_code == HTTPStatus.OK for each in asked):
                return
    raise RuntimeError(f"the API does not answer {count} requests at a time")
