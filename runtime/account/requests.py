"""A user's requests about the whole account: claimed before the work begins (see `runtime.leases`), so that of two
deliveries one works, and kept with how far the work has come, so that another run goes on from there.

A request for deletion is never removed: it is the tombstone of the account. While it is there, the database accepts no
new row of that user from the functions (policy `account_is_kept`), whichever event comes late.
"""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from runtime.database import driver
from runtime.leases import InProgress, database_time
from runtime.models import AccountRequest, RequestKind, RequestState
from runtime.records import now


class ExportPart(BaseModel):
    """One zip file of an export."""

    key: str
    file_size: int
    """Bytes."""
    items: int


_PARTS = TypeAdapter(list[ExportPart])


class Work(BaseModel):
    """A request that is the caller's until its lease ends."""

    request_id: UUID
    user_id: str
    attempt: int
    parts: list[ExportPart]
    cursor: UUID | None
    """The last item that is in a part."""


class LostClaimError(Exception):
    """The lease expired and somebody else has the work, or the request is gone."""


def request_export(session: Session, user_id: str) -> AccountRequest:
    """The user's export that is under way, or a new one."""
    user_lock = select(AccountRequest).where(
        AccountRequest.kind == RequestKind.EXPORT,
        col(AccountRequest.state).in_([RequestState.REQUESTED, RequestState.RUNNING]),
    )
    under_way = session.exec(user_lock.order_by(col(AccountRequest.created_at))).first()
    if under_way is not None:
        return under_way
    request = AccountRequest(user_id=user_id, kind=RequestKind.EXPORT)
    session.add(request)
    session.flush()
    return request


def request_deletion(session: Session, user_id: str) -> AccountRequest:
    """The account's deletion, of which there is one however often it is asked for. From this transaction's commit on
    nothing new is kept for the user."""
    fresh = AccountRequest(user_id=user_id, kind=RequestKind.DELETION)
    # Written out: by a parameter, a prepared statement would not know which index is meant.
    session.connection().execute(
        insert(AccountRequest)
        .values(**fresh.model_dump())
        .on_conflict_do_nothing(index_elements=["user_id"], index_where=text("kind = 'deletion'"))
    )
    request = deletion(session)
    if request is None:
        raise LookupError("the request that was just made is not there")
    return request


def deletion(session: Session) -> AccountRequest | None:
    """The deletion of the session's tenant, if it was asked for."""
    return session.exec(select(AccountRequest).where(AccountRequest.kind == RequestKind.DELETION)).one_or_none()


def find_export(session: Session, request_id: UUID) -> AccountRequest | None:
    """The export, unless it is not the tenant's."""
    query = select(AccountRequest).where(AccountRequest.id == request_id, AccountRequest.kind == RequestKind.EXPORT)
    return session.exec(query).one_or_none()


def parts_of(request: AccountRequest) -> list[ExportPart]:
    """The parts that are finished, in their order."""
    return _PARTS.validate_python(request.parts)


def claim(session: Session, request_id: UUID, kind: RequestKind, lease: timedelta) -> Work | InProgress | None:
    """Claim the work of a request; None if there is nothing to do any more. Commit before beginning."""
    query = select(AccountRequest).where(AccountRequest.id == request_id, AccountRequest.kind == kind)
    request = session.exec(query.with_for_update()).one_or_none()
    if request is None or request.state == RequestState.DONE:
        return None
    moment = database_time(driver(session))
    if request.lease_until is not None and request.lease_until > moment:
        return InProgress(lease_until=request.lease_until)
    request.state, request.error = RequestState.RUNNING, None
    request.lease_until = moment + lease
    request.attempts += 1
    session.flush()
    return Work(
        request_id=request.id,
        user_id=request.user_id,
        attempt=request.attempts,
        parts=parts_of(request),
        cursor=request.cursor,
    )


def keep_part(session: Session, work: Work, part: ExportPart, cursor: UUID | None) -> Work:
    """Remember that a part is finished and which item was its last. Raises `LostClaimError`."""
    parts = [*work.parts, part]
    _change(session, work, parts=[each.model_dump(mode="json") for each in parts], cursor=cursor)
    return work.model_copy(update={"parts": parts, "cursor": cursor})


def finish(session: Session, work: Work) -> None:
    """All is done. Raises `LostClaimError`."""
    _change(session, work, state=RequestState.DONE, lease_until=None, finished_at=now())


def release(session: Session, work: Work) -> None:
    """Let another delivery go on at once. Somebody else's claim stays."""
    held = (col(AccountRequest.id) == work.request_id, col(AccountRequest.attempts) == work.attempt)
    session.exec(update(AccountRequest).where(*held).values(lease_until=None))


def fail(session: Session, request_id: UUID, error: str) -> bool:
    """Give the request up, unless it is done; the same event may take it up again."""
    waiting = (col(AccountRequest.id) == request_id, col(AccountRequest.state) != RequestState.DONE)
    values = {"state": RequestState.FAILED, "error": error, "lease_until": None, "updated_at": now()}
    return session.exec(update(AccountRequest).where(*waiting).values(**values)).rowcount == 1


def is_offered(request: AccountRequest, lifetime: timedelta, moment: datetime) -> bool:
    """Whether the export's files are still there to be fetched."""
    return request.finished_at is not None and moment < request.finished_at + lifetime


def _change(session: Session, work: Work, **values: object) -> None:
    held = (col(AccountRequest.id) == work.request_id, col(AccountRequest.attempts) == work.attempt)
    statement = update(AccountRequest).where(*held).values(**values, updated_at=now())
    if session.exec(statement.execution_options(synchronize_session=False)).rowcount != 1:
        raise LostClaimError(f"request {work.request_id} is not ours any more")
