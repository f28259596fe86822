"""Texts that are being embedded: claimed before the model is paid."""

from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from runtime.leases import InProgress, database_time
from runtime.postgres import Connection


class EmbeddingWork(NamedTuple):
    """The caller's until its lease ends."""

    item_id: UUID
    text_sha256: str
    model: str
    attempts: int
    """1 unless an earlier holder died or failed."""


def claim(
    connection: Connection, *, item_id: UUID, user_id: str, text: str, model: str, lease: timedelta
) -> EmbeddingWork | InProgress:
    """Claim the embedding of `text`, which describes the item, by `model`. Commit before calling the model.

    Have `items.lock` lock the item first, and see that it is not indexed by this text and model already.
    """
    text_sha256 = sha256(text.encode()).hexdigest()
    key = {"item_id": item_id, "text_sha256": text_sha256, "model": model}
    moment = database_time(connection)
    earlier = connection.execute(_FIND, key).fetchone()
    if earlier is not None and earlier[0] is not None and earlier[0] > moment:
        return InProgress(lease_until=earlier[0])
    attempts = 1 if earlier is None else earlier[1] + 1
    values = {**key, "user_id": user_id, "lease_until": moment + lease, "attempts": attempts}
    connection.execute(_CLAIM if earlier is None else _CLAIM_AGAIN, values)
    return EmbeddingWork(item_id, text_sha256, model, attempts)


def release(connection: Connection, work: EmbeddingWork) -> None:
    """Give the claim back, whether the text is embedded or the model failed: whoever comes next may claim at once."""
    connection.execute(_RELEASE, work._asdict())


_FIND = """
select lease_until, attempts from embedding_claim
 where item_id = %(item_id)s and text_sha256 = %(text_sha256)s and model = %(model)s"""

_CLAIM = """
insert into embedding_claim (item_id, text_sha256, model, user_id, lease_until, attempts)
values (%(item_id)s, %(text_sha256)s, %(model)s, %(user_id)s, %(lease_until)s, %(attempts)s)"""

_CLAIM_AGAIN = """
update embedding_claim set lease_until = %(lease_until)s, attempts = %(attempts)s
 where item_id = %(item_id)s and text_sha256 = %(text_sha256)s and model = %(model)s"""

# An expired claim may be somebody else's by now.
_RELEASE = """
update embedding_claim set lease_until = null
 where item_id = %(item_id)s and text_sha256 = %(text_sha256)s and model = %(model)s and attempts = %(attempts)s"""
