"""What search knows of an item at the moment."""

from typing import NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from runtime.models import Embedding, SearchDocument


class Indexed(NamedTuple):
    """The document and vector of an item."""

    analysis_id: UUID
    """The analysis that they were made from."""
    text: str
    """What was embedded."""
    model: str
    """The model that embedded it."""


def find_indexed(session: Session, item_id: UUID) -> Indexed | None:
    """What the item is found by; None before it was first indexed."""
    query = (
        select(SearchDocument.analysis_id, SearchDocument.text, Embedding.embedding_model)
        .join(Embedding, col(Embedding.item_id) == col(SearchDocument.item_id))
        .where(SearchDocument.item_id == item_id)
    )
    row = session.exec(query).one_or_none()
    return Indexed(*row) if row is not None else None
