"""What search knows of an item at the moment."""

from typing import NamedTuple
from uuid import UUID

from runtime.postgres import Connection


class Indexed(NamedTuple):
    """The document and vector of an item."""

    analysis_id: UUID
    """The analysis that they were made from."""
    text: str
    """What was embedded."""
    model: str
    """The model that embedded it."""


def find_indexed(connection: Connection, item_id: UUID) -> Indexed | None:
    """What the item is found by; None before it was first indexed."""
    row = connection.execute(_FIND, [item_id]).fetchone()
    return Indexed(*row) if row is not None else None


_FIND = """
select document.analysis_id, document.text, embedding.embedding_model
  from search_document as document join embedding using (item_id)
 where document.item_id = %s"""
