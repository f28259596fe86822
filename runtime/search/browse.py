"""What passes filters, without a query."""

from functools import cache
from uuid import UUID

from runtime.postgres import Connection
from runtime.search.filters import CONDITIONS, Filters


def browse(connection: Connection, filters: Filters, limit: int) -> list[UUID]:
    """The tenant's searchable items that pass, the newest first; one that does not say when it was taken counts from
    its upload."""
    found = connection.execute(_browse(filters.conditions), {**filters.parameters, "limit": limit})
    return [item_id for (item_id,) in found]


@cache
def _browse(conditions: tuple[str, ...]) -> bytes:
    passing = "".join(CONDITIONS[name] for name in conditions)
    return f"""
        select item.id
          from item
         where item.status = 'searchable'{passing}
         order by coalesce(item.taken_at, item.created_at) desc, item.id
         limit %(limit)s
    """.encode()  # noqa: S608 - made of the constants in `CONDITIONS`
