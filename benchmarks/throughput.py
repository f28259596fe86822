"""How many images the whole pipeline takes in a second, and how that grows with their number.

Each size has a stack of its own, with stand-ins of the models that answer at once: what is measured is everything but
the models. Files are sent by the command line's own uploading, all that there are, while the pipeline works on them.
"""

from __future__ import annotations

import io
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import psycopg
from PIL import Image, ImageDraw

from benchmarks.command_line import Nobody
from benchmarks.processes import Usage, watch_processes
from collections_cli.client import Client, http_client
from collections_cli.uploading import Outcome, Uploading
from components.database import DATABASE
from local.ports import Ports
from local.stack import LocalStack
from tests.soak.pipeline import depth, find_channels

SIZES = (100, 1_000, 5_000)
QUICK_SIZES = (4,)
STAGES = ("image_processor", "analyzer", "embedder")
"""Functions with a queue in front of them, in the order of an image's path."""
_SIDES = (600, 800)
"""Of an image, in pixels."""
_SAMPLE_SECONDS = 1.0
_PATIENCE_SECONDS = 120
"""Without an image more, before the run is given up."""
_FINAL = {"searchable", "failed", "duplicate"}


@dataclass(frozen=True)
class Sample:
    """What was there at one moment."""

    seconds: float
    """Since the first file was sent."""
    sent: int
    searchable: int
    queued: dict[str, int]
    """Messages in front of each function of `STAGES`, those at work included."""
    megabytes: float
    """Memory of the whole stack: database, emulator, functions, stand-ins. Pages that processes share count once."""


@dataclass(frozen=True)
class Throughput:
    """One run."""

    images: int
    seconds: float
    """From the first file sent to the last one searchable."""
    sending_seconds: float
    samples: list[Sample]
    processor_seconds: dict[str, float]
    """By part of the stack, and the client's own."""

    @property
    def per_second(self) -> float:
        """Images."""
        return self.images / self.seconds

    @property
    def peak_megabytes(self) -> float:
        """Of memory."""
        return max(sample.megabytes for sample in self.samples)

    @property
    def most_queued(self) -> dict[str, int]:
        """The longest that each queue was."""
        return {stage: max(sample.queued[stage] for sample in self.samples) for stage in STAGES}

    def searchable_at(self, share: float) -> float:
        """Seconds until this share (0-1) of the images was searchable."""
        return next(each.seconds for each in self.samples if each.searchable >= share * self.images)


def measure(*, quick: bool) -> list[Throughput]:
    """Every size, on a new stack each. Raises `RuntimeError` when images did not become searchable."""
    found: list[Throughput] = []
    for images in QUICK_SIZES if quick else SIZES:
        print(f"measuring: {images:,} images through the pipeline", file=sys.stderr)
        found.append(run(images))
    return found


def run(images: int) -> Throughput:
    """Send `images` files to a new stack, and wait until all are searchable. Raises `RuntimeError` when one is not."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalStack(
            folder=Path(folder) / "stack", ports=Ports.free(), keys={}, durable=False, instant_models=True
        ) as stack,
        watch_processes() as usage,
        psycopg.connect(stack.database_address(DATABASE), autocommit=True) as database,
    ):
        files = Path(folder) / "files"
        files.mkdir()
        paths = [_picture(files / f"{number:05}.jpg", number) for number in range(images)]
        user = stack.create_user("throughput@example.org")
        token = stack.token(user.email, user.password)
        return _run(stack, database, usage, token, paths)


def _run(
    stack: LocalStack,
    database: psycopg.Connection[Any],
    usage: Callable[[], Usage],
    token: str,
    paths: list[Path],
) -> Throughput:
    queues = find_channels(stack)
    sent: list[float] = []
    failure: list[BaseException] = []
    before = usage().processor_seconds
    began = time.perf_counter()

    def send() -> None:
        try:
            with http_client() as http:
                _send(Client(stack.api_url, lambda: token, http), paths)
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits for this thread
            failure.append(error)
        finally:
            sent.append(time.perf_counter() - began)

    threading.Thread(target=send, name="send", daemon=True).start()
    samples: list[Sample] = []
    for statuses in _until_final(database, len(paths), failure):
        used = usage()
        samples.append(
            Sample(
                seconds=time.perf_counter() - began,
                sent=statuses.total(),
                searchable=statuses["searchable"],
                queued={stage: depth(stack, queues[stage].url) for stage in STAGES},
                megabytes=used.megabytes,
            )
        )
    after = usage().processor_seconds
    return Throughput(
        images=len(paths),
        seconds=samples[-1].seconds,
        sending_seconds=sent[0],
        samples=samples,
        processor_seconds={part: seconds - before.get(part, 0.0) for part, seconds in after.items()},
    )


def _until_final(
    database: psycopg.Connection[Any], images: int, failure: list[BaseException]
) -> Iterator[Counter[str]]:
    """How many items have which status, now and then, until all are searchable."""
    seen, changed = Counter[str](), time.monotonic()
    while True:
        statuses = Counter(dict(database.execute("select status, count(*) from item group by status").fetchall()))
        yield statuses
        if failure:
            raise failure[0]
        if sum(statuses[status] for status in _FINAL) == images:
            if statuses["searchable"] != images:
                raise RuntimeError(f"not every image became searchable: {dict(statuses)}")
            return
        if statuses != seen:
            seen, changed = statuses, time.monotonic()
        elif time.monotonic() - changed > _PATIENCE_SECONDS:
            raise RuntimeError(f"nothing has changed for {_PATIENCE_SECONDS} s: {dict(statuses)}")
        time.sleep(_SAMPLE_SECONDS)


def _send(client: Client, paths: list[Path]) -> None:
    sending = Uploading(client, Nobody())
    sending.run(paths)
    if wrong := [result for result in sending.results if result.outcome is not Outcome.UPLOADED]:
        raise RuntimeError(f"{len(wrong)} files were not uploaded: {wrong[0]}")


def _picture(path: Path, number: int) -> Path:
    """A file like no other, by content and by look."""
    random = Random(number)  # noqa: S311 - not for secrets
    image = Image.new("RGB", _SIDES, (random.randrange(256), random.randrange(256), random.randrange(256)))
    draw = ImageDraw.Draw(image)
    width, height = _SIDES
    for _ in range(40):
        left, top = random.randrange(width), random.randrange(height)
        corners = (left, top, left + random.randrange(20, 200), top + random.randrange(20, 200))
        draw.rectangle(corners, (random.randrange(256), random.randrange(256), random.randrange(256)))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    path.write_bytes(buffer.getvalue())
    return path
