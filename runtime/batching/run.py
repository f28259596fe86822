"""One run of the batcher: what it works with, and what it has done so far."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import psycopg
from aws_lambda_powertools import Logger

from runtime import batches, scheduled, usage
from runtime.batches import Request
from runtime.batching.vendor import VisionBatches
from runtime.postgres import Connection, Database
from runtime.scheduled import ScheduledRun
from runtime.vision import Spent

ACCOUNT_IS_KEPT = "account_is_kept"
"""The policy that refuses new rows of an account that is being deleted."""

logger = Logger()


@dataclass(kw_only=True)
class Report(scheduled.Report):
    """What a run has really done."""

    batches: int = 0
    """Batches that the vendor was given."""
    submitted: int = 0
    """Requests in them."""
    pending: int = 0
    """Batches that the vendor is at, or may be."""
    answered: int = 0
    """Images that were analysed by a batch."""
    alone: int = 0
    """Requests that no batch answered, sent on to be done at once."""
    dropped: int = 0
    """Requests about images that are gone."""


@dataclass(frozen=True, kw_only=True)
class Run(ScheduledRun):
    """Puts requests into batches across all tenants, and answers each in its tenant's name."""

    tenants: Database
    """Under the functions' role, to which row-level security shows one tenant at a time."""
    vendor: VisionBatches
    report: Report = field(default_factory=Report)

    @contextmanager
    def of(self, request: Request) -> Generator[Connection]:
        """A transaction that sees the rows of the request's tenant only. When the account is being deleted, the
        request is dropped and the transaction is as if it had never been."""
        try:
            with self.tenants.tenant(request.user_id) as connection:
                yield connection
        except psycopg.errors.InsufficientPrivilege as error:
            if ACCOUNT_IS_KEPT not in str(error):
                raise
            with self.database.role() as connection:
                batches.remove(connection, [request.id])
            self.report.dropped += 1

    def drop(self, connection: Connection, request: Request) -> None:
        """There is nothing to look at any more."""
        batches.remove(connection, [request.id])
        self.report.dropped += 1
        logger.info("the item is gone or cannot be analysed")

    def send_alone(self, request: Request, why: str, spent: Spent | None = None) -> None:
        """Have the request done at once, as if nobody had thought of a batch; `spent` is what it cost in one."""
        with self.of(request) as connection:
            if not batches.lock(connection, request.id):
                return
            if spent is not None:
                account(connection, request, spent)
            batches.remove(connection, [request.id])
            # Before the commit: an event too many does no harm, one too few would lose the request.
            self.publish(request.alone())
            self.report.alone += 1
            logger.warning("sent on alone", reason=why)


def about(request: Request) -> AbstractContextManager[object]:
    """What is logged meanwhile names the image."""
    return logger.append_context_keys(
        item_id=request.item_id, user_id=request.user_id, correlation_id=request.correlation_id
    )


def account(connection: Connection, request: Request, spent: Spent) -> None:
    """Write down what an answer in a batch cost."""
    usage.record(
        connection,
        user_id=request.user_id,
        item_id=request.item_id,
        operation="analysis",
        model=spent.model,
        input_tokens=spent.input_tokens,
        output_tokens=spent.output_tokens,
        batch=True,
    )
