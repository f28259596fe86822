"""Which way a search goes through a tenant's documents. Decided by what was counted and recorded, never by Postgres's
planner: an index that tenants share, or a guess at how many rows pass a filter, loses what small tenants have."""

from collections import OrderedDict
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from psycopg import Cursor
from psycopg.rows import TupleRow

from runtime.postgres import Connection
from runtime.search import sizes
from runtime.search.filters import CONDITIONS, Filters

REMEMBERED = 1000
"""Tenants in one process."""


class Way(StrEnum):
    """How a search looks for what it ranks."""

    EXACT = "exact"
    """Every document of the tenant is scored."""
    NARROWED = "narrowed"
    """The few documents that pass the filters are found first, and each of them is scored."""
    INDEXED = "indexed"
    """The tenant's own indexes nominate documents, which then are scored exactly."""


class Collection(NamedTuple):
    """What is known of a tenant's documents before a search."""

    documents: int
    average_length: float
    """Words of a document."""
    indexed: bool
    """Whether the tenant has indexes of its own."""
    eligible: int | None
    """Documents that pass the filters, where that was worth counting."""

    def way(self, *, phrases: bool) -> Way:
        """The way to go; `phrases` tells whether the query has any, which few documents contain."""
        few = self.eligible is not None and self.eligible <= sizes.EXACT_ITEMS
        if self.documents > sizes.EXACT_ITEMS and (few or phrases):
            return Way.NARROWED
        return Way.INDEXED if self.indexed and self.documents > sizes.EXACT_ITEMS else Way.EXACT


class Collections:
    """What searches were last told of each tenant's documents. Whoever expects the same again need not wait to be told:
    see `runtime.search.query.search`."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, Collection] = OrderedDict()

    def expected(self, user_id: str, filters: Filters) -> Collection | None:
        """None where nothing is known, and with filters: who passes them is counted for each search."""
        return None if filters.conditions else self._told.get(user_id)

    def learn(self, user_id: str, filters: Filters, collection: Collection) -> None:
        """Forgets whoever was learnt of longest ago, where there are many."""
        if filters.conditions:
            return
        self._told[user_id] = collection
        self._told.move_to_end(user_id)
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)


def look_up(connection: Connection, filters: Filters) -> Cursor[TupleRow]:
    """Ask what is known of the transaction's tenant; `told` reads the answer."""
    parameters = {**filters.parameters, "exact_items": sizes.EXACT_ITEMS}
    return connection.execute(_look_up(filters.conditions), parameters)


def told(answer: Cursor[TupleRow]) -> Collection:
    """What the database said."""
    (row,) = answer
    return Collection(*row[:-1])


@cache
def _look_up(conditions: tuple[str, ...]) -> bytes:
    """Filters of small tenants are not counted: they change nothing there."""
    eligible = _ELIGIBLE.replace("{conditions}", "".join(CONDITIONS[name] for name in conditions))
    return _LOOK_UP.replace("{eligible}", eligible if conditions else "null").encode()


# Row-level security shows one row of either table, or none. Planning a search takes longer than most searches, so its
# plan is kept: one for whatever parameters, and for whoever comes next on this connection. Reading a whole table may
# look cheap for the first of them, and is not for the next.
_LOOK_UP = """
select coalesce(collection.documents, 0),
       coalesce(collection.tokens::float8 / nullif(collection.documents, 0), 1),
       tenant_index.built_at is not null,
       {eligible},
       set_config('plan_cache_mode', 'force_generic_plan', true)
         || set_config('enable_seqscan', 'off', true) || set_config('enable_bitmapscan', 'off', true)
  from (select) as always left join search_collection as collection on true left join tenant_index on true
"""
_ELIGIBLE = """
       case when collection.documents > %(exact_items)s then (
           select count(*) from item where item.status = 'searchable'{conditions}) end"""
