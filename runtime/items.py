"""The life of an item: the only module that moves one, and only as `runtime.transitions` says.

Every transition is one conditional UPDATE, so that an event that comes late or twice can neither move an item
backwards nor revive a deleted one. A `mark_…` returns True when the item is, after it, where the event leads (also when
an earlier delivery of the same event brought it there), and False when the item is gone or has moved on.

Row-level security confines each function to the tenant of the transaction; under the sweeper's role it sees every
tenant.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg import sql
from psycopg.errors import UniqueViolation

from runtime.postgres import Connection, columns, inserting, read_rows, rows_of, selecting
from runtime.records import ItemRecord, Stage, Status, now
from runtime.transitions import FAILS_FROM, TRANSITIONS, Cause

UNIQUE_ORIGINAL = "item_one_original"
"""The unique index on (user_id, sha256) among a tenant's living originals."""

GOES_ON_WITHIN = timedelta(hours=12)
"""For this long an announced item waits for its file: half the time after which the upload counts as abandoned."""

_DUPLICATE_ATTEMPTS = 3


class ImageFacts(NamedTuple):
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

    heir: ItemRecord | None
    """Its oldest duplicate, if it had any: now an original, and `uploaded`. Ask for it to be processed."""


class OriginalVanishedError(Exception):
    """The item duplicates an original that disappears each time one looks for it; try again later."""


def create(connection: Connection, item: ItemRecord) -> ItemRecord:
    """Add a new item. Its `sha256` stays empty until the image processor has measured it."""
    connection.execute(_CREATE, vars(item))
    return item


def read(connection: Connection, query: LiteralString, values: Mapping[str, Any]) -> list[ItemRecord]:
    """The items for which `query` holds: what follows `from item`."""
    return read_rows(connection, ItemRecord, _SELECT, query, values)


def find(connection: Connection, item_id: UUID) -> ItemRecord | None:
    """The item, unless it is deleted or not the tenant's."""
    return _one(read(connection, "where id = %(id)s and status <> 'deleted'", {"id": item_id}))


def find_each(connection: Connection, item_ids: Collection[UUID]) -> dict[UUID, ItemRecord]:
    """Those of the ids that are living items of the tenant, by their ids."""
    living = "where id = any(%(ids)s) and status <> 'deleted'"
    return {item.id: item for item in read(connection, living, {"ids": list(item_ids)})}


def in_order(connection: Connection, after: UUID | None, limit: int) -> list[ItemRecord]:
    """Living items by their ids, behind one of them if `after` says so."""
    living = "where status <> 'deleted' and (%(after)s::uuid is null or id > %(after)s) order by id limit %(limit)s"
    return read(connection, living, {"after": after, "limit": limit})


def lock(connection: Connection, item_id: UUID) -> bool:
    """Have everybody else who would change the item wait for this transaction's end. False if it is gone."""
    living = "select from item where id = %s and status <> 'deleted' for update"
    return connection.execute(living, [item_id]).rowcount == 1


def take_up(connection: Connection, item_id: UUID, stage: Stage) -> ItemRecord | None:
    """The item as `stage` finds it, or None. One that this stage gave up is put back before it: an event that comes
    after all, as from a dead-letter queue, finds work to do. A failure for good stays one."""
    _apply(connection, item_id, Cause.RETRY, given_up_by=stage)
    return find(connection, item_id)


def find_by_sha256(connection: Connection, sha256: str) -> ItemRecord | None:
    """The tenant's living original with these bytes; never one that is itself a duplicate."""
    return _one(read(connection, _ORIGINAL, {"sha256": sha256}))


def find_announced(connection: Connection, item: ItemRecord) -> ItemRecord | None:
    """An item of the tenant's that was announced as `item` is, and whose file has just come or is yet to come: an
    upload that was interrupted goes on with it. None if none was, or so long ago that the sweeper may bury it."""
    if item.announced_sha256 is None:
        return None
    return _one(read(connection, _ANNOUNCED, vars(item) | {"since": now() - GOES_ON_WITHIN}))


def mark_uploaded(connection: Connection, item_id: UUID) -> bool:
    """The object is in the bucket."""
    return _apply(connection, item_id, Cause.UPLOADED) is not None


def mark_processed(connection: Connection, item_id: UUID, facts: ImageFacts) -> ItemRecord | None:
    """Record what the image processor measured: the item is then `processed`, or `duplicate` when the tenant already
    has a living original with the same bytes.

    Returns the item as it is now, which is unchanged when the event came late; None when it is gone. Raises
    `OriginalVanishedError` when the original was deleted again and again while being looked for.
    """
    for _ in range(_DUPLICATE_ATTEMPTS):
        try:
            with connection.transaction():
                moved = _apply(connection, item_id, Cause.PROCESSED, facts._asdict())
        except UniqueViolation as error:
            if error.diag.constraint_name != UNIQUE_ORIGINAL:
                raise
        else:
            return moved or find(connection, item_id)
        # Locked, so that whoever deletes the original waits, and then knows of this duplicate.
        original = _one(read(connection, _ORIGINAL + " for share", {"sha256": facts.sha256}))
        if original is not None:
            values = {**facts._asdict(), "duplicate_of": original.id}
            moved = _apply(connection, item_id, Cause.DUPLICATED, values)
            if moved is not None:
                _hand_duplicates_over(connection, item_id, original.id)
            return moved or find(connection, item_id)
    raise OriginalVanishedError(f"item {item_id} duplicates an original that is being deleted")


def mark_analyzed(connection: Connection, item_id: UUID) -> bool:
    """An analysis is there. A searchable item stays searchable, with what it has."""
    return _apply(connection, item_id, Cause.ANALYZED) is not None


def mark_searchable(connection: Connection, item_id: UUID) -> bool:
    """The item's document and vector are there."""
    return _apply(connection, item_id, Cause.INDEXED) is not None


def mark_failed(connection: Connection, item_id: UUID, stage: Stage, error: str, *, retryable: bool = False) -> bool:
    """`stage` came to nothing; `error` tells the user why, in a sentence. An item beyond that stage stays as it is, and
    one that failed there before keeps its reason.

    `retryable` says that nothing is wrong with the image: the stage gave up after many tries.
    """
    values = {"stage": stage, "error": error, "retryable": retryable, "failed_at": now(), "status": Status.FAILED}
    waiting = {"waiting": list(FAILS_FROM[stage])}
    if _update(connection, item_id, _changing(tuple(values), "status = any(%(waiting)s)"), values | waiting):
        return True
    item = find(connection, item_id)
    return item is not None and (item.status, item.stage) == (Status.FAILED, stage)


def mark_deleted(connection: Connection, item_id: UUID) -> Tombstone | None:
    """Make the item a tombstone: invisible at once, removed with its objects by the sweeper. None if it was gone.

    Its duplicates, which have neither analysis nor vector of their own, are not lost with it: the oldest takes its
    place, and the others become duplicates of that one.
    """
    if _apply(connection, item_id, Cause.DELETED, {"deleted_at": now()}) is None:
        return None
    return Tombstone(_promote_heir(connection, item_id))


def mark_lost(connection: Connection, item_id: UUID, error: str) -> Tombstone | None:
    """The item's original is not in the bucket any more: it fails with `error`, and the same bytes count as new when
    they are uploaded again. None if it was gone or failed already. Its duplicates are not lost with it, as in
    `mark_deleted`."""
    forgotten = {"sha256": None, "duplicate_of": None}
    failure = {"stage": Stage.UPLOAD, "error": error, "failed_at": now()}
    if _apply(connection, item_id, Cause.LOST, forgotten | failure) is None:
        return None
    return Tombstone(_promote_heir(connection, item_id))


def retry(connection: Connection, item_id: UUID) -> ItemRecord | None:
    """A user's command: put a failed item back to before the stage that failed. None if it is not failed."""
    return _apply(connection, item_id, Cause.RETRY)


def analyze_again(connection: Connection, item_id: UUID) -> ItemRecord | None:
    """A user's command: have the item looked at, where it has been processed. A searchable one stays searchable, one
    whose analysis or embedding failed waits for it again. None if there is nothing to look at yet."""
    return _apply(connection, item_id, Cause.ANALYZE)


def edit(connection: Connection, item_id: UUID, changes: Mapping[str, Any]) -> ItemRecord | None:
    """Set the user's own columns: title, note, category. Whoever else would change the item waits for this
    transaction's end. None if it is gone."""
    return _update(connection, item_id, _changing(tuple(changes), "status <> 'deleted'"), changes)


def hold_all(connection: Connection, item_ids: Collection[UUID]) -> set[UUID]:
    """Those of the ids that are living items of the tenant; nobody removes them before this transaction's end."""
    living = "select id from item where id = any(%s) and status <> 'deleted' order by id for key share"
    return {item_id for (item_id,) in connection.execute(living, [list(item_ids)])}


def abandoned_uploads(connection: Connection, older_than: datetime, limit: int) -> list[ItemRecord]:
    """Items created before `older_than` whose object never came, oldest first."""
    query = "where status = 'pending' and created_at < %(older_than)s order by created_at limit %(limit)s"
    return read(connection, query, {"older_than": older_than, "limit": limit})


def tombstones(connection: Connection, limit: int) -> list[ItemRecord]:
    """Deleted items whose row and objects are still there, oldest first."""
    return read(connection, "where status = 'deleted' order by deleted_at limit %(limit)s", {"limit": limit})


def remove(connection: Connection, item_id: UUID) -> None:
    """Remove the item's row; its analyses, document and vector go with it."""
    connection.execute("delete from item where id = %s", [item_id])


def unchanged(connection: Connection, item: ItemRecord) -> bool:
    """Whether nothing has happened to the item since it was read; nothing will until the transaction's end."""
    same = "select from item where id = %(id)s and status = %(status)s and updated_at = %(updated_at)s for update"
    return connection.execute(same, vars(item)).rowcount == 1


def _promote_heir(connection: Connection, item_id: UUID) -> ItemRecord | None:
    """Have the item's oldest duplicate, if it has any, take its place, and the others become duplicates of that one."""
    oldest = connection.execute(_OLDEST_DUPLICATE, [item_id]).fetchone()
    if oldest is None:
        return None
    # What was measured of it counts again when it is measured again; until then there is no original.
    unmeasured = {"duplicate_of": None, "sha256": None, "processed_at": None}
    heir = _apply(connection, oldest[0], Cause.PROMOTE, unmeasured)
    if heir is not None:
        _hand_duplicates_over(connection, item_id, heir.id)
    return heir


def _hand_duplicates_over(connection: Connection, of: UUID, to: UUID) -> None:
    followers = "update item set duplicate_of = %s where duplicate_of = %s and status = 'duplicate'"
    connection.execute(followers, [to, of])


def _apply(
    connection: Connection,
    item_id: UUID,
    cause: Cause,
    values: Mapping[str, Any] | None = None,
    *,
    given_up_by: Stage | None = None,
) -> ItemRecord | None:
    """Move the item as `TRANSITIONS` says, and set `values`; None when it says nothing for where the item is, or when
    another stage than `given_up_by` gave it up, or any for good."""
    values = values or {}
    condition = "true" if given_up_by is None else "stage = %(given_up_by)s and retryable"
    statement = _moving(cause, tuple(values), condition)
    return _update(connection, item_id, statement, {**values, "given_up_by": given_up_by})


def _update(connection: Connection, item_id: UUID, statement: bytes, values: Mapping[str, Any]) -> ItemRecord | None:
    cursor = connection.cursor(row_factory=rows_of(ItemRecord))
    return cursor.execute(statement, {**values, "id": item_id, "moment": now()}).fetchone()


def _one(found: list[ItemRecord]) -> ItemRecord | None:
    return found[0] if found else None


_SELECT = selecting("item", ItemRecord)

_CREATE = inserting("item", ItemRecord).as_bytes()

_ORIGINAL = "where sha256 = %(sha256)s and status not in ('duplicate', 'deleted')"

_ANNOUNCED = """
 where announced_sha256 = %(announced_sha256)s and file_size = %(file_size)s and mime_type = %(mime_type)s
   and (status = 'uploaded' or status = 'pending' and created_at > %(since)s)
 order by created_at limit 1"""

_OLDEST_DUPLICATE = """
select id from item where duplicate_of = %s and status = 'duplicate' order by created_at, id limit 1"""


_NO_FAILURE = {
    "stage": sql.SQL("null"),
    "error": sql.SQL("null"),
    "retryable": sql.SQL("false"),
    "failed_at": sql.SQL("null"),
}


@cache
def _moving(cause: Cause, changed: tuple[str, ...], condition: LiteralString) -> bytes:
    """The statement that moves an item, where `condition` holds too, and sets the columns `changed`."""
    transition = TRANSITIONS[cause]
    moves = [
        (sql.SQL("status = {}").format(sql.Literal(source.value)), target)
        for source, target in transition.leads.items()
    ] + [
        (sql.SQL("status = 'failed' and stage = {}").format(sql.Literal(stage.value)), target)
        for stage, target in transition.rescues.items()
    ]
    cases = [sql.SQL("when {} then {}").format(source, sql.Literal(target.value)) for source, target in moves]
    applies = sql.SQL("({}) and ").format(sql.SQL(" or ").join(source for source, _ in moves)) + sql.SQL(condition)
    assignments: dict[str, sql.Composable] = {
        "status": sql.SQL("case {} end").format(sql.SQL(" ").join(cases)),
        **_NO_FAILURE,
        **{name: sql.Placeholder(name) for name in changed},
    }
    if transition.stamp is not None:
        first = sql.SQL("coalesce({}, {})").format(sql.Identifier(transition.stamp), sql.Placeholder("moment"))
        assignments[transition.stamp] = first
    return _updating(assignments, applies)


@cache
def _changing(changed: tuple[str, ...], condition: LiteralString) -> bytes:
    """The statement that sets the columns `changed` where `condition` holds."""
    return _updating({name: sql.Placeholder(name) for name in changed}, sql.SQL(condition))


def _updating(assignments: Mapping[str, sql.Composable], condition: sql.Composable) -> bytes:
    """Changes the item if `condition` still holds when its row is locked, and returns it."""
    changes = [
        sql.SQL("{} = {}").format(sql.Identifier(name), value)
        for name, value in {**assignments, "updated_at": sql.Placeholder("moment")}.items()
    ]
    statement = sql.SQL("update item set {} where id = %(id)s and {} returning {}")
    return statement.format(sql.SQL(", ").join(changes), condition, columns(ItemRecord)).as_bytes()
