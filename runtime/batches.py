"""Analyses that may take a day: noted here, then given to the vendor as Message Batches, which cost half.

A request belongs to its tenant, who notes it and in whose name it is answered; the sweeper's role puts requests into
batches. A batch is written down before the vendor is asked for it, and its requests with it. So nothing is in two
batches, and a batch of which nobody remembers whether the vendor has it can be looked for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID, uuid4

from runtime.events import AnalysisRequested
from runtime.postgres import Connection, read_rows, rows_of, selecting
from runtime.prices import IMAGE_TOKENS, cost_usd
from runtime.records import now

MADE_WITHIN = timedelta(minutes=20)
"""Whoever began to make a batch is not at it any more after this: longer than the batcher may run."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """An analysis that was asked for and may take a day."""

    id: UUID
    user_id: str
    item_id: UUID
    correlation_id: str
    model: str
    prompt_version: str
    """Of the prompt that it was put into a batch with; while it waits, of the one when it was noted."""

    def alone(self) -> AnalysisRequested:
        """The same request, to be done at once and for the whole price. However often it is delivered, and whatever
        the batch still answers, there is one analysis for the command."""
        return AnalysisRequested(
            correlation_id=self.correlation_id,
            user_id=self.user_id,
            item_id=self.item_id,
            model=self.model,
            force=True,
        )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What the vendor was given, or is about to be given."""

    id: UUID
    model: str
    requests: int
    """How many it was made of."""
    vendor_id: str | None
    """None until the vendor is known to have it."""
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A request whose analysis is there, and has to be handed on."""

    request_id: UUID
    user_id: str
    item_id: UUID
    correlation_id: str
    analysis_id: UUID
    version: int


def note(
    connection: Connection, *, item_id: UUID, user_id: str, correlation_id: str, model: str, prompt_version: str
) -> bool:
    """Have the item looked at by a batch. False if the command's event has come before: it waits, or is answered."""
    values = {
        "id": uuid4(),
        "item_id": item_id,
        "user_id": user_id,
        "correlation_id": correlation_id,
        "model": model,
        "prompt_version": prompt_version,
        "created_at": now(),
    }
    return connection.execute(_NOTE, values).rowcount == 1


def promised_usd(connection: Connection) -> Decimal:
    """What the tenant's requests that are not answered yet are likely to cost, in US dollars; models without a known
    price count nothing."""
    waiting = connection.execute("select model, count(*) from batch_request where analysis_id is null group by model")
    return sum((likely_usd(model, count) for model, count in waiting), Decimal(0))


def likely_usd(model: str, images: int) -> Decimal:
    """What so many images in batches are likely to cost by `model`; nothing where its price is not known."""
    return images * (cost_usd(model, *IMAGE_TOKENS, batch=True) or Decimal(0))


def models_waited_for(connection: Connection) -> list[str]:
    """Models for which requests wait that are in no batch."""
    models = "select distinct model from batch_request where batch_id is null and analysis_id is null order by model"
    return [model for (model,) in connection.execute(models)]


def waiting(connection: Connection, model: str, limit: int) -> list[Request]:
    """Requests for the model that are in no batch, the oldest first."""
    query = "where batch_id is null and analysis_id is null and model = %s order by created_at, id limit %s"
    return _read(connection, query, [model, limit])


def within(connection: Connection, batch_id: UUID) -> list[Request]:
    """The batch's requests that are not answered yet."""
    return _read(connection, "where batch_id = %s and analysis_id is null", [batch_id])


def begin(connection: Connection, model: str, request_ids: Collection[UUID], prompt_version: str) -> Batch | None:
    """Write down the batch of these requests that the vendor is about to be given. Commit before asking the vendor.
    None if one of them is gone, or in another batch by now."""
    free = """
    select id from batch_request where id = any(%s) and batch_id is null and analysis_id is null
       for update skip locked"""
    ids = list(request_ids)
    if connection.execute(free, [ids]).rowcount < len(ids):
        return None
    batch = Batch(id=uuid4(), model=model, requests=len(ids), vendor_id=None, created_at=now())
    connection.execute(_BEGIN, vars(batch))
    put = "update batch_request set batch_id = %s, prompt_version = %s where id = any(%s)"
    connection.execute(put, [batch.id, prompt_version, ids])
    return batch


def remember(connection: Connection, batch_id: UUID, vendor_id: str) -> None:
    """The vendor has the batch."""
    connection.execute("update analysis_batch set vendor_id = %s where id = %s", [vendor_id, batch_id])


def given(connection: Connection) -> list[Batch]:
    """Batches that the vendor has, the oldest first."""
    return _batches(connection, "where vendor_id is not null order by created_at", [])


def unremembered(connection: Connection) -> list[Batch]:
    """Batches that the vendor may have or not, and whose maker is not at it any more."""
    query = "where vendor_id is null and created_at < %s order by created_at"
    return _batches(connection, query, [now() - MADE_WITHIN])


def end(connection: Connection, batch_id: UUID) -> None:
    """Forget the batch. Requests that are still in it wait for another one."""
    connection.execute("delete from analysis_batch where id = %s", [batch_id])


def mark_answered(connection: Connection, request_id: UUID, analysis_id: UUID) -> None:
    """The analysis is there; it is not handed on yet."""
    connection.execute("update batch_request set analysis_id = %s where id = %s", [analysis_id, request_id])


def lock(connection: Connection, request_id: UUID) -> bool:
    """Have everybody else who would answer the request wait for this transaction's end. False if that is done."""
    open_ = "select from batch_request where id = %s and analysis_id is null for update"
    return connection.execute(open_, [request_id]).rowcount == 1


def answered(connection: Connection, limit: int) -> list[Answered]:
    """Requests that are answered and not handed on."""
    return connection.cursor(row_factory=rows_of(Answered)).execute(_ANSWERED, [limit]).fetchall()


def remove(connection: Connection, request_ids: Sequence[UUID]) -> None:
    """Forget requests: they are handed on, sent on the ordinary way, or about nothing."""
    connection.execute("delete from batch_request where id = any(%s)", [list(request_ids)])


def _read(connection: Connection, query: LiteralString, values: Sequence[Any]) -> list[Request]:
    return read_rows(connection, Request, _SELECT, query, values)


def _batches(connection: Connection, query: LiteralString, values: Sequence[Any]) -> list[Batch]:
    return read_rows(connection, Batch, _SELECT_BATCH, query, values)


# An event that comes once more after its answer was handed on finds the analysis that it has led to.
_SELECT = selecting("batch_request", Request)
_SELECT_BATCH = selecting("analysis_batch", Batch)

_NOTE = """
insert into batch_request (id, item_id, user_id, correlation_id, model, prompt_version, created_at)
select %(id)s, %(item_id)s, %(user_id)s, %(correlation_id)s::varchar, %(model)s, %(prompt_version)s, %(created_at)s
 where not exists (select from analysis where item_id = %(item_id)s and request_id = %(correlation_id)s::varchar)
on conflict do nothing"""

_BEGIN = """
insert into analysis_batch (id, model, requests, created_at)
values (%(id)s, %(model)s, %(requests)s, %(created_at)s)"""

_ANSWERED = """
select batch_request.id as request_id, batch_request.user_id, batch_request.item_id, correlation_id,
       analysis_id, analysis.version
  from batch_request join analysis on analysis.id = analysis_id
 order by batch_request.created_at limit %s"""
