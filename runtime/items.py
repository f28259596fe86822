"""The life of an item: the only module that moves one, and only as `runtime.transitions` says.

Every transition is one conditional UPDATE, so that an event that comes late or twice can neither move an item
backwards nor revive a deleted one. A `mark_…` returns True when the item is, after it, where the event leads (also when
an earlier delivery of the same event brought it there), and False when the item is gone or has moved on.

Row-level security confines each function to the tenant of the session; under the sweeper's role it sees every tenant.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, case, delete, func, literal, null, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from runtime.models import Item
from runtime.records import Stage, Status, now
from runtime.transitions import FAILS_FROM, TRANSITIONS, Cause

UNIQUE_ORIGINAL = "item_one_original"
"""The unique index on (user_id, sha256) among a tenant's living originals."""

GOES_ON_WITHIN = timedelta(hours=12)
"""For this long an announced item waits for its file: half the time after which the upload counts as abandoned."""

_DUPLICATE_ATTEMPTS = 3


class ImageFacts(BaseModel):
    """What the image processor measured."""

    mime_type: str
    file_size: int
    """Bytes."""
    width: int
    """Pixels, after orientation."""
    height: int
    sha256: str
    """Of the original, lower-case hex."""
    perceptual_hash: int
    """64 bits, as a signed integer."""
    taken_at: datetime | None
    latitude: float | None
    """Degrees, WGS 84."""
    longitude: float | None
    camera: str | None


class Tombstone(NamedTuple):
    """What is left of an item that was deleted or lost."""

    heir: Item | None
    """Its oldest duplicate, if it had any: now an original, and `uploaded`. Ask for it to be processed."""


class OriginalVanishedError(Exception):
    """The item duplicates an original that disappears each time one looks for it; try again later."""


def create(session: Session, item: Item) -> Item:
    """Add a new item. Its `sha256` stays empty until the image processor has measured it."""
    session.add(item)
    session.flush()
    return item


def find(session: Session, item_id: UUID) -> Item | None:
    """The item, unless it is deleted or not the tenant's."""
    return session.exec(select(Item).where(Item.id == item_id, Item.status != Status.DELETED)).one_or_none()


def lock(session: Session, item_id: UUID) -> bool:
    """Have everybody else who would change the item wait for this transaction's end. False if it is gone."""
    living = (Item.id == item_id, Item.status != Status.DELETED)
    return session.exec(select(Item.id).where(*living).with_for_update()).one_or_none() is not None


def take_up(session: Session, item_id: UUID, stage: Stage) -> Item | None:
    """The item as `stage` finds it, or None. One that this stage gave up is put back before it: an event that comes
    after all, as from a dead-letter queue, finds work to do. A failure for good stays one."""
    _apply(session, item_id, Cause.RETRY, and_(col(Item.stage) == stage, col(Item.retryable).is_(True)))
    return find(session, item_id)


def find_by_sha256(session: Session, sha256: str) -> Item | None:
    """The tenant's living original with these bytes; never one that is itself a duplicate."""
    return session.exec(select(Item).where(*_original_with(sha256))).one_or_none()


def find_announced(session: Session, item: Item) -> Item | None:
    """An item of the tenant's that was announced as `item` is, and whose file has just come or is yet to come: an
    upload that was interrupted goes on with it. None if none was, or so long ago that the sweeper may bury it."""
    if item.announced_sha256 is None:
        return None
    the_same = (
        col(Item.announced_sha256) == item.announced_sha256,
        Item.file_size == item.file_size,
        Item.mime_type == item.mime_type,
        or_(
            col(Item.status) == Status.UPLOADED,
            and_(col(Item.status) == Status.PENDING, col(Item.created_at) > now() - GOES_ON_WITHIN),
        ),
    )
    return session.exec(select(Item).where(*the_same).order_by(col(Item.created_at)).limit(1)).one_or_none()


def mark_uploaded(session: Session, item_id: UUID) -> bool:
    """The object is in the bucket."""
    return _apply(session, item_id, Cause.UPLOADED) is not None


def mark_processed(session: Session, item_id: UUID, facts: ImageFacts) -> Item | None:
    """Record what the image processor measured: the item is then `processed`, or `duplicate` when the tenant already
    has a living original with the same bytes.

    Returns the item as it is now, which is unchanged when the event came late; None when it is gone. Raises
    `OriginalVanishedError` when the original was deleted again and again while being looked for.
    """
    for _ in range(_DUPLICATE_ATTEMPTS):
        try:
            with session.begin_nested():
                moved = _apply(session, item_id, Cause.PROCESSED, **facts.model_dump())
        except IntegrityError as error:
            if UNIQUE_ORIGINAL not in str(error.orig):
                raise
        else:
            return moved or find(session, item_id)
        # Locked, so that whoever deletes the original waits, and then knows of this duplicate.
        same_bytes = select(Item).where(*_original_with(facts.sha256)).with_for_update(read=True)
        original = session.exec(same_bytes).one_or_none()
        if original is not None:
            moved = _apply(session, item_id, Cause.DUPLICATED, **facts.model_dump(), duplicate_of=original.id)
            if moved is not None:
                _hand_duplicates_over(session, item_id, original.id)
            return moved or find(session, item_id)
    raise OriginalVanishedError(f"item {item_id} duplicates an original that is being deleted")


def mark_analyzed(session: Session, item_id: UUID) -> bool:
    """An analysis is there. A searchable item stays searchable, with what it has."""
    return _apply(session, item_id, Cause.ANALYZED) is not None


def mark_searchable(session: Session, item_id: UUID) -> bool:
    """The item's document and vector are there."""
    return _apply(session, item_id, Cause.INDEXED) is not None


def mark_failed(session: Session, item_id: UUID, stage: Stage, error: str, *, retryable: bool = False) -> bool:
    """`stage` came to nothing; `error` tells the user why, in a sentence. An item beyond that stage stays as it is, and
    one that failed there before keeps its reason.

    `retryable` says that nothing is wrong with the image: the stage gave up after many tries.
    """
    values = {"stage": stage, "error": error, "retryable": retryable, "failed_at": literal(now())}
    waiting = col(Item.status).in_(FAILS_FROM[stage])
    if _update(session, item_id, waiting, status=Status.FAILED, **values) is not None:
        return True
    item = find(session, item_id)
    return item is not None and (item.status, item.stage) == (Status.FAILED, stage)


def mark_deleted(session: Session, item_id: UUID) -> Tombstone | None:
    """Make the item a tombstone: invisible at once, removed with its objects by the sweeper. None if it was gone.

    Its duplicates, which have neither analysis nor vector of their own, are not lost with it: the oldest takes its
    place, and the others become duplicates of that one.
    """
    if _apply(session, item_id, Cause.DELETED, deleted_at=literal(now())) is None:
        return None
    return Tombstone(_promote_heir(session, item_id))


def mark_lost(session: Session, item_id: UUID, error: str) -> Tombstone | None:
    """The item's original is not in the bucket any more: it fails with `error`, and the same bytes count as new when
    they are uploaded again. None if it was gone or failed already. Its duplicates are not lost with it, as in
    `mark_deleted`."""
    forgotten: dict[str, Any] = {"sha256": null(), "duplicate_of": null()}
    failure: dict[str, Any] = {"stage": Stage.UPLOAD, "error": error, "failed_at": literal(now())}
    if _apply(session, item_id, Cause.LOST, None, **forgotten, **failure) is None:
        return None
    return Tombstone(_promote_heir(session, item_id))


def retry(session: Session, item_id: UUID) -> Item | None:
    """A user's command: put a failed item back to before the stage that failed. None if it is not failed."""
    return _apply(session, item_id, Cause.RETRY)


def analyze_again(session: Session, item_id: UUID) -> Item | None:
    """A user's command: have the item looked at, where it has been processed. A searchable one stays searchable, one
    whose analysis or embedding failed waits for it again. None if there is nothing to look at yet."""
    return _apply(session, item_id, Cause.ANALYZE)


def edit(session: Session, item_id: UUID, changes: Mapping[str, Any]) -> Item | None:
    """Set the user's own columns: title, note, category. Whoever else would change the item waits for this
    transaction's end. None if it is gone."""
    return _update(session, item_id, col(Item.status) != Status.DELETED, **changes)


def find_all(session: Session, item_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are living items of the tenant; nobody removes them before this transaction's end."""
    living = (col(Item.id).in_(item_ids), Item.status != Status.DELETED)
    query = select(Item.id).where(*living).order_by(col(Item.id)).with_for_update(read=True, key_share=True)
    return set(session.exec(query))


def abandoned_uploads(session: Session, older_than: datetime, limit: int) -> list[Item]:
    """Items created before `older_than` whose object never came, oldest first."""
    query = select(Item).where(Item.status == Status.PENDING, col(Item.created_at) < older_than)
    return list(session.exec(query.order_by(col(Item.created_at)).limit(limit)))


def tombstones(session: Session, limit: int) -> list[Item]:
    """Deleted items whose row and objects are still there, oldest first."""
    query = select(Item).where(Item.status == Status.DELETED)
    return list(session.exec(query.order_by(col(Item.deleted_at)).limit(limit)))


def remove(session: Session, item_id: UUID) -> None:
    """Remove the item's row; its analyses, document and vector go with it."""
    session.exec(delete(Item).where(col(Item.id) == item_id))


def _original_with(sha256: str) -> tuple[ColumnElement[bool], ...]:
    return (col(Item.sha256) == sha256, col(Item.status).not_in([Status.DUPLICATE, Status.DELETED]))


def _promote_heir(session: Session, item_id: UUID) -> Item | None:
    """Have the item's oldest duplicate, if it has any, take its place, and the others become duplicates of that one."""
    duplicates = select(Item.id).where(Item.duplicate_of == item_id, Item.status == Status.DUPLICATE)
    oldest = session.exec(duplicates.order_by(col(Item.created_at), col(Item.id)).limit(1)).one_or_none()
    if oldest is None:
        return None
    # What was measured of it counts again when it is measured again; until then there is no original.
    heir = _apply(session, oldest, Cause.PROMOTE, duplicate_of=null(), sha256=null(), processed_at=null())
    if heir is not None:
        _hand_duplicates_over(session, item_id, heir.id)
    return heir


def _hand_duplicates_over(session: Session, of: UUID, to: UUID) -> None:
    followers = (col(Item.duplicate_of) == of, col(Item.status) == Status.DUPLICATE)
    statement = update(Item).where(*followers).values(duplicate_of=to)
    session.exec(statement.execution_options(synchronize_session=False))


def _apply(
    session: Session, item_id: UUID, cause: Cause, condition: ColumnElement[bool] | None = None, **values: Any
) -> Item | None:
    """Move the item as `TRANSITIONS` says, and set `values`; None when it says nothing for where the item is."""
    transition = TRANSITIONS[cause]
    from_status = [(col(Item.status) == source, target) for source, target in transition.leads.items()]
    failed_in = [
        (and_(col(Item.status) == Status.FAILED, col(Item.stage) == stage), target)
        for stage, target in transition.rescues.items()
    ]
    moves = from_status + failed_in
    if transition.stamp is not None:
        values[transition.stamp] = func.coalesce(getattr(Item, transition.stamp), literal(now()))
    applies = or_(*(source for source, _ in moves))
    return _update(
        session,
        item_id,
        applies if condition is None else applies & condition,
        status=case(*moves),
        **{"stage": null(), "error": null(), "retryable": False, "failed_at": null()} | values,
    )


def _update(session: Session, item_id: UUID, condition: ColumnElement[bool], **values: Any) -> Item | None:
    """Change the item if `condition` still holds when its row is locked; the item, or None if it did not."""
    statement = (
        update(Item)
        .where(col(Item.id) == item_id, condition)
        .values(**values, updated_at=literal(now()))
        .returning(Item)
        .execution_options(populate_existing=True, synchronize_session=False)
    )
    return session.exec(statement).scalar_one_or_none()
