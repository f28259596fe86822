"""The stack on this machine, for what is measured through all of it."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

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
