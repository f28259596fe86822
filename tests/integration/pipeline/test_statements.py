"""However many images there are, each takes equally many statements, and the sweeper no more calls than it has to."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from benchmarks.baseline import off
from runtime import items
from runtime.aws import connection, objects
from runtime.aws.connection import Answer
from runtime.aws.signing import Request
from runtime.events import AnalysisComplete, ImageProcessed, ObjectCreated
from runtime.records import ItemRecord
from tests.integration.pipeline.stage import Stage
from tests.integration.statements import statements
from tests.sessions import driver
from tests.unit.imaging.pictures import encoded, quarters

PNG = encoded(quarters(), "PNG")
FEW, MANY = 2, 6


class Asked(NamedTuple):
    """What a run asked."""

    statements: int
    of_s3: int
    """Requests."""


def send(stage: Stage, count: int) -> list[ItemRecord]:
    # Behind the image's end: the same bytes would be a duplicate, and no work.
    return [stage.upload(f"{number}.png", PNG + number.to_bytes(2, "big")) for number in range(count)]


def bodies(
    stage: Stage, kind: type[ObjectCreated | ImageProcessed | AnalysisComplete], sent: list[ItemRecord]
) -> list[str]:
    return [stage.published(kind, item)[0] for item in sent]


@pytest.fixture
def of_images(stage: Stage) -> list[dict[str, int]]:
    """Statements of each function: of its first image, before which it has to connect; of one in a batch of its own,
    and of many in one."""
    first, second, *others = send(stage, 2 + MANY)
    counts: list[dict[str, int]] = [{}, {}, {}]
    for count, sent in zip(counts, ([first], [second], others), strict=True):
        for name, kind, deliver in (
            ("image processor", ObjectCreated, stage.process),
            ("analyzer", ImageProcessed, stage.analyze),
            ("embedder", AnalysisComplete, stage.embed),
        ):
            events = bodies(stage, kind, sent)
            with statements() as executed:
                assert deliver(*events) == []
            count[name] = len(executed)
    return counts


@pytest.mark.baseline
def test_an_image_takes_as_many_statements_as_are_written_down(of_images: list[dict[str, int]]) -> None:
    _, of_one, of_many = of_images

    assert off("statements of an image", of_one) == []
    assert of_many == {name: MANY * count for name, count in of_one.items()}


@contextmanager
def requests() -> Generator[list[str]]:
    """What S3 is asked meanwhile."""
    asked: list[str] = []

    def noting(request: Request, read: Callable[[Answer], Any], most_bytes: int | None = None) -> Any:
        asked.append(f"{request.method} {request.url}")
        return connection.send(request, read, most_bytes)

    with pytest.MonkeyPatch.context() as noted:
        noted.setattr(objects, "send", noting)
        yield asked


def sweep(stage: Stage) -> Asked:
    with statements() as executed, requests() as asked:
        assert stage.sweep()["finished"]
    return Asked(len(executed), len(asked))


def test_the_sweeper_asks_no_more_because_more_is_kept(stage: Stage) -> None:
    sweep(stage)
    send(stage, FEW)
    little = sweep(stage)

    send(stage, 10 * FEW)

    assert sweep(stage) == little
    assert little.of_s3 > 0


def test_what_the_sweeper_removes_takes_equally_much_each(stage: Stage) -> None:
    sweep(stage)
    taken: list[Asked] = []
    for count in (FEW, 2 * FEW, 3 * FEW):
        for item in send(stage, count):
            stage.change(item, lambda session, item=item: items.mark_deleted(driver(session), item.id))
        taken.append(sweep(stage))

    few, more, most = taken
    assert more.statements - few.statements == most.statements - more.statements > 0
    assert more.of_s3 - few.of_s3 == most.of_s3 - more.of_s3 > 0
