"""Texts that are being embedded: claimed before the model is paid."""

from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import update
from sqlmodel import Session, col

from runtime.leases import InProgress, database_time
from runtime.models import EmbeddingClaim


class EmbeddingWork(NamedTuple):
    """The caller's until its lease ends."""

    item_id: UUID
    text_sha256: str
    model: str
    attempts: int
    """1 unless an earlier holder died or failed."""


def claim(
    session: Session, *, item_id: UUID, user_id: str, text: str, model: str, lease: timedelta
) -> EmbeddingWork | InProgress:
    """Claim the embedding of `text`, which describes the item, by `model`. Commit before calling the model.

    Have `items.lock` lock the item first, and see that it is not indexed by this text and model already.
    """
    key = (item_id, sha256(text.encode()).hexdigest(), model)
    moment = database_time(session)
    earlier = session.get(EmbeddingClaim, key, populate_existing=True)
    if earlier is None:
        earlier = EmbeddingClaim(
            item_id=item_id, text_sha256=key[1], model=model, user_id=user_id, lease_until=None, attempts=0
        )
        session.add(earlier)
    elif earlier.lease_until is not None and earlier.lease_until > moment:
        return InProgress(lease_until=earlier.lease_until)
    earlier.lease_until = moment + lease
    earlier.attempts += 1
    session.flush()
    return EmbeddingWork(item_id, key[1], model, earlier.attempts)


def release(session: Session, work: EmbeddingWork) -> None:
    """Give the claim back, whether the text is embedded or the model failed: whoever comes next may claim at once."""
    held = (
        col(EmbeddingClaim.item_id) == work.item_id,
        col(EmbeddingClaim.text_sha256) == work.text_sha256,
        col(EmbeddingClaim.model) == work.model,
        # An expired claim may be somebody else's by now.
        col(EmbeddingClaim.attempts) == work.attempts,
    )
    session.exec(update(EmbeddingClaim).where(*held).values(lease_until=None))
