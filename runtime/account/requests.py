"""A user's requests about the whole account: claimed before the work begins (see `runtime.leases`), so that of two
deliveries one works, and kept with how far the work has come, so that another run goes on from there.

A request for deletion is never removed: it is the tombstone of the account. While it is there, the database accepts no
new row of that user from the functions (policy `account_is_kept`), whichever event comes late.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg import sql
from psycopg.types.json import Jsonb

from runtime.leases import InProgress, database_time
from runtime.postgres import Connection, inserting, read_rows, selecting
from runtime.records import now


@dataclass(frozen=True, kw_only=True)
class ExportPart:
    """One zip file of an export."""

    key: str
    file_size: int
    """Bytes."""
    items: int


class RequestKind(StrEnum):
    """What is to become of an account."""

    EXPORT = "export"
    DELETION = "deletion"


class RequestState(StrEnum):
    """How far a request about an account has come."""

    REQUESTED = "requested"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class RequestRecord:
    """What a user has asked for the whole account. A deletion stays, as its tombstone."""

    id: UUID = field(default_factory=uuid4)
    user_id: str
    kind: RequestKind
    state: RequestState = RequestState.REQUESTED
    lease_until: datetime | None = None
    """While somebody works on it: when another delivery may."""
    attempts: int = 0
    """How often it was claimed."""
    parts: list[ExportPart] = field(default_factory=list[ExportPart])
    """Of an export: the files that are finished, in their order."""
    cursor: UUID | None = None
    """Of an export: the last item that is in them."""
    error: str | None = None
    created_at: datetime = field(default_factory=now)
    updated_at: datetime = field(default_factory=now)
    finished_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Work:
    """A request that is the caller's until its lease ends."""

    request_id: UUID
    user_id: str
    attempt: int
    parts: list[ExportPart]
    cursor: UUID | None
    """The last item that is in a part."""


class LostClaimError(Exception):
    """The lease expired and somebody else has the work, or the request is gone."""


def request_export(connection: Connection, user_id: str) -> RequestRecord:
    """The user's export that is under way, or a new one."""
    under_way = _read(connection, _UNDER_WAY, {})
    if under_way:
        return under_way[0]
    return _create(connection, RequestRecord(user_id=user_id, kind=RequestKind.EXPORT))


def request_deletion(connection: Connection, user_id: str) -> RequestRecord:
    """The account's deletion, of which there is one however often it is asked for. From this transaction's commit on
    nothing new is kept for the user."""
    _create(connection, RequestRecord(user_id=user_id, kind=RequestKind.DELETION))
    request = deletion(connection)
    if request is None:
        raise LookupError("the request that was just made is not there")
    return request


def deletion(connection: Connection) -> RequestRecord | None:
    """The deletion of the transaction's tenant, if it was asked for."""
    found = _read(connection, "where kind = 'deletion'", {})
    return found[0] if found else None


def find_export(connection: Connection, request_id: UUID) -> RequestRecord | None:
    """The export, unless it is not the tenant's."""
    found = _read(connection, "where id = %(id)s and kind = 'export'", {"id": request_id})
    return found[0] if found else None


def claim(connection: Connection, request_id: UUID, kind: RequestKind, lease: timedelta) -> Work | InProgress | None:
    """Claim the work of a request; None if there is nothing to do any more. Commit before beginning."""
    wanted = "where id = %(id)s and kind = %(kind)s and state <> 'done' for update"
    found = _read(connection, wanted, {"id": request_id, "kind": kind})
    if not found:
        return None
    request, moment = found[0], database_time(connection)
    if request.lease_until is not None and request.lease_until > moment:
        return InProgress(lease_until=request.lease_until)
    connection.execute(_CLAIM, {"id": request_id, "lease_until": moment + lease})
    return Work(
        request_id=request.id,
        user_id=request.user_id,
        attempt=request.attempts + 1,
        parts=request.parts,
        cursor=request.cursor,
    )


def keep_part(connection: Connection, work: Work, part: ExportPart, cursor: UUID | None) -> Work:
    """Remember that a part is finished and which item was its last. Raises `LostClaimError`."""
    parts = [*work.parts, part]
    kept = Jsonb([vars(each) for each in parts])
    _change(connection, work, _KEEP_PARTS, {"parts": kept, "cursor": cursor})
    return replace(work, parts=parts, cursor=cursor)


def finish(connection: Connection, work: Work) -> None:
    """All is done. Raises `LostClaimError`."""
    _change(connection, work, _FINISH, {})


def release(connection: Connection, work: Work) -> None:
    """Let another delivery go on at once. Somebody else's claim stays."""
    connection.execute(_RELEASE, [work.request_id, work.attempt])


def fail(connection: Connection, request_id: UUID, error: str) -> bool:
    """Give the request up, unless it is done; the same event may take it up again."""
    return connection.execute(_FAIL, {"id": request_id, "error": error, "moment": now()}).rowcount == 1


def is_offered(request: RequestRecord, lifetime: timedelta, moment: datetime) -> bool:
    """Whether the export's files are still there to be fetched."""
    return request.finished_at is not None and moment < request.finished_at + lifetime


def _create(connection: Connection, request: RequestRecord) -> RequestRecord:
    connection.execute(_CREATE, {**vars(request), "parts": Jsonb([])})
    return request


def _change(connection: Connection, work: Work, statement: LiteralString, values: Mapping[str, Any]) -> None:
    held = {"id": work.request_id, "attempt": work.attempt, "moment": now()}
    if connection.execute(statement, {**values, **held}).rowcount != 1:
        raise LostClaimError(f"request {work.request_id} is not ours any more")


def _read(connection: Connection, query: LiteralString, values: Mapping[str, Any]) -> list[RequestRecord]:
    """The requests for which `query` holds: what follows `from account_request`."""
    return read_rows(connection, RequestRecord, _SELECT, query, values)


_SELECT = selecting("account_request", RequestRecord)

_UNDER_WAY = "where kind = 'export' and state in ('requested', 'running') order by created_at limit 1"

_CREATE = (
    inserting("account_request", RequestRecord) + sql.SQL(" on conflict (user_id) where kind = 'deletion' do nothing")
).as_bytes()

_CLAIM = """
update account_request
   set state = 'running', error = null, lease_until = %(lease_until)s, attempts = attempts + 1
 where id = %(id)s"""

_KEEP_PARTS = """
update account_request set parts = %(parts)s, cursor = %(cursor)s, updated_at = %(moment)s
 where id = %(id)s and attempts = %(attempt)s"""

_FINISH = """
update account_request
   set state = 'done', lease_until = null, finished_at = %(moment)s, updated_at = %(moment)s
 where id = %(id)s and attempts = %(attempt)s"""

_RELEASE = "update account_request set lease_until = null where id = %s and attempts = %s"

_FAIL = """
update account_request set state = 'failed', error = %(error)s, lease_until = null, updated_at = %(moment)s
 where id = %(id)s and state <> 'done'"""
