"""The names of items' tags, for whoever reads items. Who changes tags goes to `runtime.tags`."""

from collections.abc import Collection
from uuid import UUID

from runtime.postgres import Connection


def names_of(connection: Connection, item_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """The tags of each item that has any, by name, in one query."""
    names: dict[UUID, list[str]] = {}
    for item_id, name in connection.execute(_NAMES, [list(item_ids)]):
        names.setdefault(item_id, []).append(name)
    return names


_NAMES = """
select item_tag.item_id, tag.name
  from item_tag join tag on tag.id = item_tag.tag_id
 where item_tag.item_id = any(%s)
 order by lower(tag.name)"""
