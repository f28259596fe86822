"""Pages of a long list, by keyset: a cursor names the last row of a page, so pages neither skip nor repeat rows when
others are added meanwhile."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

T = TypeVar("T")


class Sort(StrEnum):
    """Orders of the list of items."""

    NEWEST = "newest"
    """Last added first."""
    OLDEST = "oldest"
    """First added first."""
    TAKEN = "taken"
    """Last taken first; an image that does not say when counts from its upload."""


class InvalidCursorError(ValueError):
    """The cursor is not one that the same list, in the same order, gave out."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list."""

    items: list[T]
    total: int
    """Rows of the whole list."""
    next_cursor: str | None
    """Asks for the rows after these; none after the last."""


class Cursor(BaseModel):
    """The row that a page ended with: its position in the order, and its id where positions are equal."""

    sort: Sort
    position: datetime
    item_id: UUID

    def encode(self) -> str:
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, sort: Sort) -> "Cursor":
        """Raises `InvalidCursorError`."""
        try:
            cursor = cls.model_validate_json(
                base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            )
        except (ValidationError, binascii.Error, ValueError) as error:
            raise InvalidCursorError("the cursor is not one of this list's") from error
        if cursor.sort != sort or cursor.position.tzinfo is None:
            raise InvalidCursorError(f"the cursor belongs to the order {cursor.sort}, not {sort}")
        return cursor
