"""Hourly: finishes what was begun and never ended."""

from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from typing import Any

import psycopg
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime.aws.connection import AwsError
from runtime.events import PublishError
from runtime.observability import count_swept, observed, timed
from runtime.postgres import Database
from runtime.records import Stage
from runtime.settings import DatabaseSettings, EventSettings, Settings, StorageSettings, load
from runtime.storage import DeleteError, ImageStore
from runtime.sweeping.dead_letters import fail_unmarked_items
from runtime.sweeping.large_tenants import note_large_tenants
from runtime.sweeping.orphans import fail_lost_originals, remove_orphan_objects
from runtime.sweeping.removal import bury_abandoned_uploads, remove_tombstones
from runtime.sweeping.run import Report, Run
from runtime.sweeping.spending import publish_month_cost
from runtime.sweeping.stuck import free_stuck_items

logger = Logger()

TIME_TO_FINISH_MS = 20_000
"""Work stops this long before the function's own time is over; the next run goes on."""

DUTIES: tuple[Callable[[Run], bool], ...] = (
    # First, and quick: a run that has no time left for it would hide what is being spent.
    publish_month_cost,
    note_large_tenants,
    bury_abandoned_uploads,
    remove_tombstones,
    fail_unmarked_items,
    free_stuck_items,
    remove_orphan_objects,
    fail_lost_originals,
)
"""What a run does, in this order. Each says whether it came to its end before the time was over."""


class SweeperSettings(Settings, DatabaseSettings, StorageSettings, EventSettings):
    """What the sweeper knows about its stack."""

    processing_dead_letters: str
    analysis_dead_letters: str
    embedding_dead_letters: str


class SweepError(Exception):
    """Something was left over; the log says what and why."""


def sweep(run: Run) -> Report:
    """Do what is due. A duty that cannot be done does not stop the others."""
    ended = True
    for duty in DUTIES:
        try:
            ended &= duty(run)
        except (AwsError, psycopg.Error, DeleteError, PublishError) as error:
            run.note_failure(error)
            logger.exception("a duty of the sweeper could not be done", duty=duty.__name__)
    run.report.finished = ended
    return run.report


@cache
def start() -> tuple[SweeperSettings, Database]:
    """Made when the process handles its first event, and kept for its life."""
    settings = load(SweeperSettings)
    return settings, Database(settings.database_url.reveal())


@observed()
def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run once, and report. Raises `SweepError` when something could not be done."""
    settings, database = start()
    dead_letters = {
        Stage.PROCESSING: settings.processing_dead_letters,
        Stage.ANALYSIS: settings.analysis_dead_letters,
        Stage.EMBEDDING: settings.embedding_dead_letters,
    }
    run = Run(
        database=database,
        store=ImageStore(settings.bucket_name),
        event_bus=settings.event_bus,
        dead_letters=dead_letters,
        has_time=lambda: context.get_remaining_time_in_millis() > TIME_TO_FINISH_MS,
    )
    with timed():
        report = sweep(run)
    logger.info("swept", report=asdict(report))
    for what, count in asdict(report).items():
        if what not in {"finished", "month_cost_usd"}:
            count_swept(what, count)
    run.require_success(SweepError)
    return asdict(report)
