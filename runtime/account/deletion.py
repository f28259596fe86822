"""Everything of one user's, removed. Each step does no harm when it is done again, so that a run that died anywhere is
made up for by the next one, which begins at the beginning.

1. Nobody signs in as the user any more, and no token is renewed. Tokens that are out last for an hour at most, and the
   database has accepted nothing new since the deletion was asked for.
2. Chat sessions.
3. Objects with all versions: originals, what was derived from them, exports.
4. Rows of every table that has a `user_id`, but the request itself: the tombstone that keeps late events from bringing
   anything back.
5. The user in the pool, last: until then a failed deletion can be told to whoever asks.

What a function was writing at that very moment has no item any more: the sweeper removes such objects within hours.
"""

from collections.abc import Callable
from dataclasses import dataclass

from runtime.account import requests
from runtime.account.chats import ChatSessions
from runtime.account.export import UnfinishedError
from runtime.account.people import People
from runtime.account.requests import Work
from runtime.keys import DERIVED, EXPORTS, ORIGINALS
from runtime.postgres import Database, scalar
from runtime.storage import ImageStore

ROWS_AT_ONCE = 5000


@dataclass(frozen=True)
class Remover:
    """Removes accounts."""

    database: Database
    store: ImageStore
    chats: ChatSessions
    people: People

    def remove(self, work: Work, has_time: Callable[[], bool]) -> None:
        """Remove what is left of the user. Raises `UnfinishedError`."""
        self.people.shut_out(work.user_id)
        self.chats.remove(work.user_id)
        for folder in (ORIGINALS, DERIVED, EXPORTS):
            # With its slash: no user's id may begin another's.
            for page in self.store.versions(f"{folder}{work.user_id}/"):
                if self.store.delete_versions(page):
                    _continue(has_time)
        while self._remove_rows(work.user_id):
            _continue(has_time)
        self.people.remove(work.user_id)
        with self.database.tenant(work.user_id) as connection:
            requests.finish(connection, work)

    def _remove_rows(self, user_id: str) -> int:
        """Remove some rows, whichever table they are of; how many they were."""
        with self.database.tenant(user_id) as connection:
            return scalar(connection, "select remove_account_rows(%s)", [ROWS_AT_ONCE])


def _continue(has_time: Callable[[], bool]) -> None:
    if not has_time():
        raise UnfinishedError
