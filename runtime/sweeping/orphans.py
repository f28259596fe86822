"""Objects that no item has are removed; items whose original is not in the bucket are failed.

Objects outlive their item when one was deleted while a function still wrote them. Each run reads the whole bucket,
which S3 lists by a thousand: about a million versions fit into one.
"""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from aws_lambda_powertools import Logger

from runtime import items
from runtime.events import ProcessingRequested, upload_correlation_id
from runtime.keys import DERIVED, ORIGINALS, InvalidKeyError, parse_key
from runtime.records import ItemRecord, Stage, now
from runtime.storage import ObjectVersion
from runtime.sweeping.run import Run, item_failed
from runtime.transitions import TRANSITIONS, Cause

logger = Logger()

ORPHAN_AFTER = timedelta(hours=1)
"""Younger objects and rows are left alone: longer than any function runs."""
LOST = "The uploaded file is no longer there. Please upload it again."


def remove_orphan_objects(run: Run) -> bool:
    """Delete what belongs to no item. Returns whether the whole bucket was read."""
    for folder in (ORIGINALS, DERIVED):
        for page in run.store.versions(folder):
            if not run.has_time():
                return False
            _remove_orphans(run, page)
    return True


def _remove_orphans(run: Run, page: Sequence[ObjectVersion]) -> None:
    owned: dict[UUID, list[ObjectVersion]] = {}
    for version in page:
        try:
            owned.setdefault(parse_key(version.key).item_id, []).append(version)
        except InvalidKeyError:
            logger.warning("an object whose key names no item", key=version.key)
    with run.transaction() as connection:
        rows = connection.execute("select id from item where id = any(%s)", [list(owned)])
        known = {item_id for (item_id,) in rows}
    oldest_allowed = now() - ORPHAN_AFTER
    orphans = [
        version
        for item_id, versions in owned.items()
        if item_id not in known and all(version.modified_at < oldest_allowed for version in versions)
        for version in versions
    ]
    if orphans:
        run.report.orphan_versions += run.store.delete_versions(orphans)
        logger.warning("removed orphans", keys=sorted({version.key for version in orphans}))


def fail_lost_originals(run: Run) -> bool:
    """Fail items whose original is not in the bucket. Returns whether the whole bucket was compared."""
    reached = ORIGINALS
    for page in run.store.versions(ORIGINALS):
        if not run.has_time():
            return False
        if page:
            last = page[-1].key
            _fail_lost(run, {version.key for version in page if version.is_readable}, reached, last)
            reached = last
    _fail_lost(run, set(), reached, None)
    return True


def _fail_lost(run: Run, there: set[str], after: str, until: str | None) -> None:
    """Compare the items whose keys lie behind `after` and up to `until` with the keys that are `there`."""
    values = {
        "after": after,
        "until": until,
        "from": list(TRANSITIONS[Cause.LOST].leads),
        "before": now() - ORPHAN_AFTER,
    }
    with run.transaction() as connection:
        missing = [item for item in items.read(connection, _OF_PAGE, values) if item.original_key not in there]
    for item in missing:
        # A key's versions may lie on two pages, and it may have come meanwhile.
        if not run.store.exists(item.original_key):
            _fail(run, item)


def _fail(run: Run, item: ItemRecord) -> None:
    with run.transaction() as connection:
        left = items.mark_lost(connection, item.id, LOST) if items.unchanged(connection, item) else None
        if left is None:
            return
        run.publish(item_failed(item, Stage.UPLOAD, LOST))
        if left.heir is not None:
            run.publish(
                ProcessingRequested(
                    correlation_id=upload_correlation_id(left.heir.id), user_id=item.user_id, item_id=left.heir.id
                )
            )
    run.report.lost_originals += 1
    logger.error("an original is lost", item_id=item.id, user_id=item.user_id, key=item.original_key)


# In the order of S3's listing.
_OF_PAGE = """
where original_key collate "C" > %(after)s and (%(until)s::text is null or original_key collate "C" <= %(until)s)
   and status = any(%(from)s) and updated_at < %(before)s"""
