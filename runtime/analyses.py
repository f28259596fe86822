"""Analyses of an item: claimed before a model is paid (see `runtime.leases`), kept as versions."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, LiteralString, NamedTuple
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.types.json import Jsonb

from runtime import items
from runtime.analysis import ImageAnalysis
from runtime.leases import InProgress, ItemGoneError, database_time
from runtime.postgres import Connection, columns, read_rows, rows_of, selecting
from runtime.prices import cost_usd
from runtime.records import AnalysisRecord, AnalysisState, now


class Claim(NamedTuple):
    """The work is the caller's until its lease ends."""

    analysis_id: UUID
    version: int
    attempts: int
    """1 unless an earlier holder died or failed: each attempt may have been paid."""


class Finished(NamedTuple):
    """The same model has already answered the same question about the same image."""

    analysis_id: UUID
    version: int


class AnalysisGoneError(LookupError):
    """The analysis was removed, with its item."""


def claim(
    connection: Connection,
    *,
    item_id: UUID,
    user_id: str,
    sha256: str,
    model: str,
    prompt_version: str,
    request_id: str | None,
    lease: timedelta,
) -> Claim | InProgress | Finished:
    """Claim the analysis of the image `sha256` by `model` with the prompt `prompt_version`.

    There is one analysis per item, image, model and prompt, and besides one for each request that forces another,
    which `request_id` names. A finished one is reported back, a failed or expired one is claimed again. Commit before
    calling the model. Raises `ItemGoneError`.
    """
    # Claims on one item wait for each other here, which makes the check below and the next version number safe.
    if not items.lock(connection, item_id):
        raise ItemGoneError(f"item {item_id} is gone")
    question = {
        "item_id": item_id,
        "user_id": user_id,
        "sha256": sha256,
        "model": model,
        "prompt_version": prompt_version,
        "forced": request_id is not None,
        "request_id": request_id,
    }
    same_work = _read(connection, _SAME_QUESTION if request_id is None else _SAME_REQUEST, question)
    if same_work:
        return _claim_again(connection, same_work[0], lease)
    analysis_id = uuid4()
    values = {"id": analysis_id, "lease_until": database_time(connection) + lease, "created_at": now()}
    claimed = connection.execute(_CLAIM, question | values).fetchone()
    if claimed is None:
        raise LookupError("an analysis that was just claimed is not there")
    return Claim(analysis_id=analysis_id, version=claimed[0], attempts=1)


def complete(
    connection: Connection,
    analysis_id: UUID,
    *,
    analysis: ImageAnalysis,
    answered_by: str,
    input_tokens: int,
    output_tokens: int,
    batch: bool = False,
) -> AnalysisRecord:
    """Keep what the model said, alone or in a `batch`. When an earlier holder of an expired lease was faster, its
    answer stays.

    Raises `AnalysisGoneError`.
    """
    connection.execute(
        _COMPLETE,
        {
            "id": analysis_id,
            "category": analysis.category,
            "headline": analysis.headline,
            "summary": analysis.summary,
            "result": Jsonb(analysis.model_dump(mode="json")),
            "answered_by": answered_by,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "cost_usd": cost_usd(answered_by, input_tokens, output_tokens, batch=batch),
        },
    )
    kept = find(connection, analysis_id)
    if kept is None:
        raise AnalysisGoneError(f"analysis {analysis_id} is gone")
    return kept


def fail(connection: Connection, claim: Claim) -> None:
    """Give the claim back: the next delivery may claim it at once. An expired one that is somebody else's by now, and
    a finished one, stay as they are."""
    connection.execute(_FAIL, [claim.analysis_id, claim.attempts])


def find(connection: Connection, analysis_id: UUID) -> AnalysisRecord | None:
    """The analysis, unless it is not the tenant's."""
    found = _read(connection, "where id = %(id)s", {"id": analysis_id})
    return found[0] if found else None


def versions(connection: Connection, item_id: UUID) -> list[AnalysisRecord]:
    """All analyses of the item, newest first."""
    return _read(connection, "where item_id = %(item_id)s order by version desc", {"item_id": item_id})


def latest(connection: Connection, item_id: UUID) -> AnalysisRecord | None:
    """The newest finished analysis of the item."""
    return latest_of(connection, [item_id]).get(item_id)


def latest_of(connection: Connection, item_ids: Collection[UUID]) -> dict[UUID, AnalysisRecord]:
    """The newest finished analysis of each item that has one, in one query."""
    cursor = connection.cursor(row_factory=rows_of(AnalysisRecord))
    return {analysis.item_id: analysis for analysis in cursor.execute(_LATEST, [list(item_ids)])}


def _claim_again(connection: Connection, earlier: AnalysisRecord, lease: timedelta) -> Claim | InProgress | Finished:
    """What became of an earlier claim on the same work."""
    if earlier.state == AnalysisState.DONE:
        return Finished(analysis_id=earlier.id, version=earlier.version)
    moment = database_time(connection)
    if earlier.state == AnalysisState.RUNNING and earlier.lease_until is not None and earlier.lease_until > moment:
        return InProgress(lease_until=earlier.lease_until)
    connection.execute(_CLAIM_AGAIN, {"id": earlier.id, "lease_until": moment + lease})
    return Claim(analysis_id=earlier.id, version=earlier.version, attempts=earlier.attempts + 1)


def _read(connection: Connection, query: LiteralString, values: Mapping[str, Any]) -> list[AnalysisRecord]:
    """The analyses for which `query` holds: what follows `from analysis`."""
    return read_rows(connection, AnalysisRecord, _SELECT, query, values)


_SELECT = selecting("analysis", AnalysisRecord)

_SAME_REQUEST = "where item_id = %(item_id)s and request_id = %(request_id)s order by version desc limit 1"

_SAME_QUESTION = """
 where item_id = %(item_id)s and sha256 = %(sha256)s and model = %(model)s and prompt_version = %(prompt_version)s
   and not forced
 order by version desc limit 1"""

_CLAIM = """
insert into analysis (id, item_id, user_id, version, sha256, model, prompt_version, forced, request_id, attempts, state,
                      lease_until, created_at)
values (%(id)s, %(item_id)s, %(user_id)s,
       (select coalesce(max(version), 0) + 1 from analysis where item_id = %(item_id)s),
       %(sha256)s, %(model)s, %(prompt_version)s, %(forced)s, %(request_id)s, 1, 'running',
       %(lease_until)s, %(created_at)s)
returning version"""

_CLAIM_AGAIN = """
update analysis set state = 'running', lease_until = %(lease_until)s, attempts = attempts + 1 where id = %(id)s"""

_COMPLETE = """
update analysis
   set state = 'done', lease_until = null, category = %(category)s, headline = %(headline)s, summary = %(summary)s,
       result = %(result)s, answered_by = %(answered_by)s, input_tokens = %(input_tokens)s,
       output_tokens = %(output_tokens)s, cost_usd = %(cost_usd)s
 where id = %(id)s and state <> 'done'"""

_FAIL = """
update analysis set state = 'failed', lease_until = null where id = %s and state = 'running' and attempts = %s"""

_LATEST = (
    sql.SQL(
        "select distinct on (item_id) {} from analysis where item_id = any(%s) and state = 'done'"
        " order by item_id, version desc"
    )
    .format(columns(AnalysisRecord))
    .as_bytes()
)
