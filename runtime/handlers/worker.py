"""Does what takes minutes and is about a whole account: exports and deletion."""

import runtime.deferred  # noqa: F401  # pyright: ignore[reportUnusedImport] - before any model is made

# isort: split

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from runtime.account import requests
from runtime.account.chats import ChatSessions
from runtime.account.deletion import Remover
from runtime.account.export import Exporter, UnfinishedError
from runtime.account.people import People
from runtime.account.requests import LostClaimError, RequestKind, Work
from runtime.consumer import Failures, consume, route
from runtime.events import AccountDeletionRequested, AccountEvent, Event, ExportRequested, publish
from runtime.failures import AtWorkError
from runtime.leases import LEASE_MARGIN, InProgress
from runtime.observability import observed
from runtime.postgres import Database
from runtime.records import now
from runtime.redelivery import WorkQueue
from runtime.settings import (
    EventSettings,
    PooledDatabaseSettings,
    QueueSettings,
    SessionTableSettings,
    Settings,
    StorageSettings,
    UserPoolSettings,
    load,
)
from runtime.storage import ImageStore

logger = Logger()

TIME_TO_FINISH_MS = 240_000
"""A run begins nothing more this long before its time is over: the largest original, and the end of a zip file, take
less. Before four fifths of the time are over, at which an alarm comes."""


class WorkerSettings(
    Settings,
    PooledDatabaseSettings,
    StorageSettings,
    EventSettings,
    QueueSettings,
    SessionTableSettings,
    UserPoolSettings,
):
    """What the worker knows about its stack."""


@dataclass(frozen=True)
class Worker:
    """Works on requests about whole accounts."""

    database: Database
    event_bus: str
    queue: WorkQueue
    exporter: Exporter
    remover: Remover

    @property
    def what(self) -> str:
        """What is done here, for people."""
        return "The request"

    def export(self, lease: timedelta, has_time: Callable[[], bool], event: ExportRequested) -> None:
        """Make the export that was asked for, or go on with it."""
        self._work(event, RequestKind.EXPORT, lease, partial(self.exporter.export, has_time=has_time))

    def delete(self, lease: timedelta, has_time: Callable[[], bool], event: AccountDeletionRequested) -> None:
        """Remove the account, or what is left of it."""
        self._work(event, RequestKind.DELETION, lease, partial(self.remover.remove, has_time=has_time))

    def fail(self, event: Event, error: str, *, retryable: bool = False) -> None:
        """Say in the request that it failed; the same event takes it up again all the same."""
        if isinstance(event, AccountEvent):
            with self.database.tenant(event.user_id) as connection:
                failed = requests.fail(connection, event.request_id, error)
            logger.warning("failed", error=error, retryable=retryable, marked=failed)

    def _work(self, event: AccountEvent, kind: RequestKind, lease: timedelta, do: Callable[[Work], None]) -> None:
        with self.database.tenant(event.user_id) as connection:
            claimed = requests.claim(connection, event.request_id, kind, lease)
        match claimed:
            case None:
                logger.info("the request is done, or gone")
                return
            case InProgress():
                wait = (claimed.lease_until - now()).total_seconds()
                raise AtWorkError("another delivery is at work on this request", retry_after=max(wait, 0.0))
            case Work():
                self._do(event, claimed, do)

    def _do(self, event: AccountEvent, work: Work, do: Callable[[Work], None]) -> None:
        try:
            do(work)
        except UnfinishedError:
            self._release(work)
            # A message of its own: going on is no failure that its queue should count.
            publish(self.event_bus, [event])
            logger.info("to be continued")
        except LostClaimError as error:
            logger.info("left to somebody else", reason=str(error))
        except Exception:
            self._release(work)
            raise

    def _release(self, work: Work) -> None:
        with self.database.tenant(work.user_id) as connection:
            requests.release(connection, work)


@cache
def start() -> Worker:
    """The worker, made when the process handles its first event and kept for its life."""
    settings = load(WorkerSettings)
    database = Database(settings.database_url.reveal(), settings.database_pool_size)
    store, chats = ImageStore(settings.bucket_name), ChatSessions(settings.checkpoint_table)
    return Worker(
        database=database,
        event_bus=settings.event_bus,
        queue=WorkQueue(settings.queue_url, settings.max_receives),
        exporter=Exporter(database, store, chats),
        remover=Remover(database, store, chats, People(settings.cognito_user_pool_id)),
    )


@observed()
def handler(event: dict[str, Any], context: LambdaContext) -> Failures:
    """Handle `ExportRequested` and `AccountDeletionRequested`."""
    worker = start()
    lease = timedelta(milliseconds=context.get_remaining_time_in_millis()) + LEASE_MARGIN

    def has_time() -> bool:
        return context.get_remaining_time_in_millis() > TIME_TO_FINISH_MS

    routes = [
        route(ExportRequested, partial(worker.export, lease, has_time)),
        route(AccountDeletionRequested, partial(worker.delete, lease, has_time)),
    ]
    return consume(event, worker, routes)
