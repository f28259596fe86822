"""What narrows a search, whatever is looked for."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from runtime.analysis import Category


class Filters(NamedTuple):
    """Conditions on items; all of them hold. Only searchable items are ever found."""

    category: Category | None = None
    """The user's own, or else the analysis'."""
    tags: Sequence[str] = ()
    """Names; an item needs all of them. Letter case does not matter."""
    album: UUID | None = None
    taken_from: datetime | None = None
    """The earliest moment, inclusive. Of images that do not know when they were taken, the upload counts."""
    taken_to: datetime | None = None
    """The latest moment, inclusive."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """Names in `CONDITIONS` of those that narrow anything."""
        return tuple(name for name, value in self._asdict().items() if value)

    @property
    def parameters(self) -> dict[str, Any]:
        """What the conditions refer to."""
        given = {name: value for name, value in self._asdict().items() if value}
        if self.tags:
            given["tags"] = sorted({tag.lower() for tag in self.tags})
        return given


NO_FILTERS = Filters()

CONDITIONS = {
    "category": """
       and coalesce(item.category, (select filters ->> 'category' from search_document as document
                                     where document.item_id = item.id)) = %(category)s""",
    "tags": """
       and item.id in (select item_tag.item_id from item_tag join tag on tag.id = item_tag.tag_id
                        where lower(tag.name) = any(%(tags)s)
                        group by item_tag.item_id having count(*) = cardinality(%(tags)s))""",
    "album": """
       and item.id in (select album_item.item_id from album_item where album_item.album_id = %(album)s)""",
    "taken_from": """
       and coalesce(item.taken_at, item.created_at) >= %(taken_from)s""",
    "taken_to": """
       and coalesce(item.taken_at, item.created_at) <= %(taken_to)s""",
}
"""What each filter demands of `item`, as SQL."""
