"""Pages of a long list, by keyset: a cursor names the last row of a page, so pages neither skip nor repeat rows when
others are added meanwhile."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

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


def cut(rows: Sequence[T], limit: int, total: int, cursor_of: Callable[[T], str]) -> Page[T]:
    """The page of the first `limit` of `rows`, of which there is one more where there is a next page."""
    if len(rows) <= limit:
        return Page(list(rows), total, None)
    return Page(list(rows[:limit]), total, cursor_of(rows[limit - 1]))


class _Cursor(BaseModel):
    order: str
    """The list, and its order, that it belongs to."""

    @property
    def reached(self) -> dict[str, Any]:
        """Where the page ended, by name, for a statement."""
        return self.model_dump(exclude={"order"})

    def encode(self) -> str:
        """As clients are given it."""
        return base64.urlsafe_b64encode(self.model_dump_json().encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, order: str) -> Self:
        """Raises `InvalidCursorError`."""
        try:
            cursor = cls.model_validate_json(
                base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            )
        except (ValidationError, binascii.Error, ValueError) as error:
            raise InvalidCursorError("the cursor is not one of this list's") from error
        if cursor.order != order:
            raise InvalidCursorError(f"the cursor belongs to the order {cursor.order}, not {order}")
        return cursor


class Cursor(_Cursor):
    """The row that a page ended with: its position in the order, and its id where positions are equal."""

    position: AwareDatetime
    id: UUID


class NameCursor(_Cursor):
    """The row that a page of a list by name ended with; names are unique."""

    name: str = Field(pattern=r"^[^\x00]+$")
