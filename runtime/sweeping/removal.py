"""What a user deleted, or never sent, goes with everything that belongs to it."""

from datetime import timedelta

import psycopg
from aws_lambda_powertools import Logger

from runtime import items, limits
from runtime.aws.connection import AwsError
from runtime.records import ItemRecord, now
from runtime.storage import DeleteError
from runtime.sweeping.run import Run

logger = Logger()

ABANDONED_AFTER = timedelta(hours=24)
"""An upload's form is valid for minutes; after a day nobody is coming back."""

BATCH = 100


def bury_abandoned_uploads(run: Run) -> bool:
    """Turn uploads that never came into tombstones. Returns whether none is left.

    One whose object is there has only not been noticed: it is left to `runtime.sweeping.stuck`.
    """
    seen = 0
    while run.has_time():
        with run.transaction() as connection:
            abandoned = items.abandoned_uploads(connection, now() - ABANDONED_AFTER, BATCH + seen)[seen:]
        for item in abandoned:
            if run.store.exists(item.original_key):
                seen += 1
                continue
            with run.transaction() as connection:
                if items.unchanged(connection, item):
                    run.report.abandoned_uploads += items.mark_deleted(connection, item.id) is not None
                    limits.give_image_back(connection, item.user_id, item.created_at)
        if not abandoned:
            return True
    return False


def remove_tombstones(run: Run) -> bool:
    """Remove deleted items with their objects. Returns whether all were tried."""
    failed = 0
    while run.has_time():
        with run.transaction() as connection:
            # Those that failed in this run stay first in line, so each batch reaches beyond them.
            tombstones = items.tombstones(connection, BATCH + failed)[failed:]
        for tombstone in tombstones:
            if not run.has_time():
                return False
            failed += not _remove(run, tombstone)
        if not tombstones:
            return True
    return False


def _remove(run: Run, item: ItemRecord) -> bool:
    """Objects first: while the row is there, the next run finds what is left."""
    try:
        run.report.object_versions += run.store.delete_item(item.user_id, item.id, item.original_key)
        with run.transaction() as connection:
            items.remove(connection, item.id)
    except (DeleteError, AwsError, psycopg.Error) as error:
        run.note_failure(error)
        logger.exception("a deleted item could not be removed", item_id=item.id, user_id=item.user_id)
        return False
    run.report.tombstones += 1
    return True
