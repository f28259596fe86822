"""Every quarter of an hour: has images analysed that may wait for a day, at half the price."""

import runtime.deferred  # noqa: F401  # pyright: ignore[reportUnusedImport] - before any model is made

# isort: split

from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime.aws.connection import AwsError
from runtime.batching.collecting import TROUBLE, collect, find_unremembered
from runtime.batching.run import Report, Run
from runtime.batching.submitting import submit_waiting
from runtime.batching.vendor import VisionBatches
from runtime.observability import observed, timed
from runtime.postgres import Database
from runtime.settings import AnthropicSettings, DatabaseSettings, EventSettings, Secret, Settings, StorageSettings, load
from runtime.storage import ImageStore
from runtime.vision import Vision

logger = Logger()

TIME_TO_FINISH_MS = 240_000
"""A run begins nothing more this long before its time is over: reading and sending a batch takes less. Before four
fifths of the time are over, at which an alarm comes."""

DUTIES: tuple[Callable[[Run], bool], ...] = (
    # In this order, what was interrupted is in the same run found and answered, or given to the vendor anew.
    find_unremembered,
    collect,
    submit_waiting,
)
"""What a run does. Each says whether it came to its end before the time was over."""


class BatcherSettings(Settings, DatabaseSettings, StorageSettings, EventSettings, AnthropicSettings):
    """What the batcher knows about its stack."""

    sweeper_database_url: Secret


class BatchError(Exception):
    """Something was left over; the log says what and why."""


class Batcher(NamedTuple):
    """What lasts for the life of the process."""

    settings: BatcherSettings
    database: Database
    tenants: Database
    vision: Vision


def work(run: Run) -> Report:
    """Do what is due. A duty that cannot be done does not stop the others."""
    ended = True
    for duty in DUTIES:
        try:
            ended &= duty(run)
        except (*TROUBLE, AwsError) as error:
            run.note_failure(error)
            logger.exception("a duty of the batcher could not be done", duty=duty.__name__)
    run.report.finished = ended
    return run.report


@cache
def start() -> Batcher:
    """Made when the process handles its first event, and kept for its life."""
    settings = load(BatcherSettings)
    return Batcher(
        settings,
        Database(settings.sweeper_database_url.reveal()),
        Database(settings.database_url.reveal()),
        Vision(settings),
    )


@observed()
def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run once, and report. Raises `BatchError` when something could not be done."""
    batcher = start()
    run = Run(
        database=batcher.database,
        tenants=batcher.tenants,
        store=ImageStore(batcher.settings.bucket_name),
        vendor=VisionBatches(batcher.vision),
        event_bus=batcher.settings.event_bus,
        has_time=lambda: context.get_remaining_time_in_millis() > TIME_TO_FINISH_MS,
    )
    with timed():
        report = work(run)
    logger.info("batched", report=asdict(report))
    run.require_success(BatchError)
    return asdict(report)
