"""Everything of one user's as zip files: originals as they were sent, and what is known of them as JSON.

An export is made in parts of about `PART_BYTES`, each a zip file of its own, so that a collection of any size fits into
functions that end after minutes: a part that is finished is remembered, and the next run goes on behind its last item.
A part that was begun and not finished leaves nothing, and is made again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from psycopg import sql

from runtime import analyses, items
from runtime.account import requests
from runtime.account.archive import Archive
from runtime.account.chats import ChatSessions
from runtime.account.requests import ExportPart, Work
from runtime.keys import export_key
from runtime.postgres import Connection, Database
from runtime.records import ItemRecord
from runtime.storage import ImageStore, ObjectMissingError

PART_BYTES = 2 * 1024**3
"""A part is closed behind the item that takes it beyond this."""
BATCH = 100
ROWS_IN_MEMORY = 1000

WHOLE_TABLES = ("tag", "item_tag", "album", "album_item", "usage", "intake")
"""Exported as they are, in the first part. Items and analyses come with each original."""
NOT_EXPORTED = {
    "search_document": "made from the analysis and the user's words",
    "search_collection": "counted from the documents",
    "search_lexeme": "counted from the documents",
    "search_posting": "made from the analysis and the user's words",
    "embedding": "made from the analysis and the user's words",
    "embedding_claim": "work in progress",
    "batch_request": "work in progress",
    "tenant_index": "how the database searches, which tells nothing of the user",
    "account_request": "the export itself",
}
"""Table to the reason why it is left out."""

README = """\
Your collection.

originals/   every image as you sent it, by the id of its item
items/       what is known of each: its facts, your title and note, all analyses
*.jsonl      tags, albums and which items are in them, use of the models, chat sessions; one object on each line
             (only in the first part, if there are several)
"""


class UnfinishedError(Exception):
    """The run's time is over; the next one goes on."""


@dataclass(frozen=True)
class Exporter:
    """Makes exports."""

    database: Database
    store: ImageStore
    chats: ChatSessions
    part_bytes: int = PART_BYTES

    def export(self, work: Work, has_time: Callable[[], bool]) -> None:
        """Make what is missing of an export. Raises `UnfinishedError`, with all finished parts kept."""
        more = True
        while more:
            with self.database.tenant(work.user_id) as connection:
                if requests.deletion(connection) is not None:
                    raise requests.LostClaimError("the account is being deleted")
            work, more = self._add_part(work, has_time)
            if more and not has_time():
                raise UnfinishedError
        with self.database.tenant(work.user_id) as connection:
            requests.finish(connection, work)

    def _add_part(self, work: Work, has_time: Callable[[], bool]) -> tuple[Work, bool]:
        """The work with one part more, and whether there are items left."""
        number, cursor, count, more = len(work.parts) + 1, work.cursor, 0, False
        key = export_key(work.user_id, work.request_id, number)
        with Archive(self.store, key) as archive:
            if number == 1:
                self._add_account(archive, work.user_id)
            for item in self._items(work.user_id, cursor):
                if count and (archive.size >= self.part_bytes or not has_time()):
                    more = True
                    break
                self._add_item(archive, item)
                cursor, count = item.id, count + 1
        part = ExportPart(key=key, file_size=archive.size, items=count)
        with self.database.tenant(work.user_id) as connection:
            return requests.keep_part(connection, work, part, cursor), more

    def _add_account(self, archive: Archive, user_id: str) -> None:
        archive.add_file("README.txt", [README.encode()])
        for table in WHOLE_TABLES:
            with self.database.tenant(user_id) as connection:
                archive.add_json_lines(f"{table}.jsonl", _rows(connection, table))
        archive.add_json_lines("chat_sessions.jsonl", self.chats.of(user_id))

    def _items(self, user_id: str, after: UUID | None) -> Iterator[ItemRecord]:
        """Living items in the order of their ids, read in batches: an export may take longer than a transaction."""
        while True:
            with self.database.tenant(user_id) as connection:
                batch = items.in_order(connection, after, BATCH)
            yield from batch
            if len(batch) < BATCH:
                return
            after = batch[-1].id

    def _add_item(self, archive: Archive, item: ItemRecord) -> None:
        with self.database.tenant(item.user_id) as connection:
            versions = reversed(analyses.versions(connection, item.id))
        known = [to_builtins(analysis) for analysis in versions]
        archive.add_json(f"items/{item.id}.json", to_builtins(item) | {"analyses": known})
        try:
            chunks = self.store.stream(item.original_key)
        except ObjectMissingError:
            # An upload that has not come yet, or was lost: the item's JSON says so.
            return
        archive.add_file(f"originals/{item.original_key.rpartition('/')[2]}", chunks)


def _rows(connection: Connection, table: str) -> Iterator[dict[str, Any]]:
    """All of the tenant's rows, a few at a time in memory."""
    with connection.cursor("rows") as cursor:
        cursor.itersize = ROWS_IN_MEMORY
        for (row,) in cursor.execute(sql.SQL("select to_jsonb({0}) from {0}").format(sql.Identifier(table))):
            yield row
