"""Indexes of large tenants' own: the sweeper says who needs them, migrate builds them as the tables' owner.

An index over one tenant's vectors finds that tenant's nearest ones; one that tenants share finds everybody's, of which
row-level security then leaves a small tenant almost nothing. Searches use them once they are recorded as built.
"""

from hashlib import sha256
from typing import TYPE_CHECKING, LiteralString, cast

import psycopg
from psycopg import sql

from runtime.postgres import Connection
from runtime.records import now
from runtime.search import sizes

if TYPE_CHECKING:
    from sqlalchemy import Engine

BUILD_MEMORY = "128MB"
"""For building an index; the smallest database has 1 GB."""

_ADVISORY_LOCK = 0x696E6478  # "indx"

# What a name begins with says what is indexed, the rest whose it is.
_DEFINITIONS: dict[str, LiteralString] = {
    "tenant_meaning_": "create index concurrently {name} on embedding using hnsw (embedding halfvec_cosine_ops)"
    " where user_id = {user_id}",
    "tenant_words_": "create index concurrently {name} on search_posting"
    " (lexeme, search_impact(frequency, token_count) desc) include (item_id, frequency, token_count)"
    " where user_id = {user_id}",
}


def request_and_release(connection: Connection) -> tuple[int, int]:
    """As the sweeper: note which tenants need indexes of their own, and forget those who do not any more. How many were
    added, and how many removed."""
    values = {"exact": sizes.EXACT_ITEMS, "enough": sizes.EXACT_ITEMS * sizes.KEEP_SHARE, "moment": now()}
    return connection.execute(_REQUEST, values).rowcount, connection.execute(_RELEASE, values).rowcount


def outstanding(connection: Connection) -> bool:
    """As the sweeper or the owner: whether `build` has anything to do."""
    return bool(_waiting(connection) or _unwanted(connection))


def build(engine: "Engine") -> tuple[int, int]:
    """As the owner: build what is wanted and not there, drop what is not wanted. Tables stay writable meanwhile, and
    what an interrupted run left is made good. How many tenants got indexes, and how many indexes were dropped; none
    while another process is at it."""
    with engine.connect() as pooled:
        pooled.execution_options(isolation_level="AUTOCOMMIT")
        driver = pooled.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise TypeError("the engine must use psycopg")
        connection = cast("Connection", driver)
        if connection.execute("select pg_try_advisory_lock(%s)", [_ADVISORY_LOCK]).fetchone() != (True,):
            return 0, 0
        try:
            connection.execute("set statement_timeout = 0")
            connection.execute("select set_config('maintenance_work_mem', %s, false)", [BUILD_MEMORY])
            return _build(connection), _drop(connection)
        finally:
            connection.execute("select pg_advisory_unlock(%s)", [_ADVISORY_LOCK])
            # The pool would hand this session, without its timeout, to somebody else.
            pooled.invalidate()


def names_of(user_id: str) -> list[str]:
    """The tenant's indexes: for meaning, then for words."""
    return [prefix + sha256(user_id.encode()).hexdigest()[:32] for prefix in _DEFINITIONS]


def _build(connection: Connection) -> int:
    waiting = _waiting(connection)
    for user_id in waiting:
        for name, definition in zip(names_of(user_id), _DEFINITIONS.values(), strict=True):
            state = connection.execute(
                "select indisvalid from pg_index where indexrelid = to_regclass(%s)", [name]
            ).fetchone()
            if state == (True,):
                continue
            # One that was interrupted is there, and of no use.
            connection.execute(sql.SQL("drop index concurrently if exists {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL(definition).format(name=sql.Identifier(name), user_id=sql.Literal(user_id)))
        connection.execute("update tenant_index set built_at = now() where user_id = %s", [user_id])
    return len(waiting)


def _waiting(connection: Connection) -> list[str]:
    """Users whose indexes are wanted and not built, in the order in which they were noted."""
    query = "select user_id from tenant_index where built_at is null order by wanted_at"
    return [user_id for (user_id,) in connection.execute(query)]


def _drop(connection: Connection) -> int:
    unwanted = _unwanted(connection)
    for name in unwanted:
        connection.execute(sql.SQL("drop index concurrently if exists {}").format(sql.Identifier(name)))
    return len(unwanted)


def _unwanted(connection: Connection) -> list[str]:
    """Indexes of tenants who do not need them any more."""
    there = connection.execute(
        "select relname from pg_class where relkind = 'i' and relnamespace = 'public'::regnamespace"
        " and relname ~ '^tenant_(meaning|words)_[0-9a-f]{32}$'"
    ).fetchall()
    users = connection.execute("select user_id from tenant_index").fetchall()
    wanted = {name for (user_id,) in users for name in names_of(user_id)}
    return sorted(name for (name,) in there if name not in wanted)


_REQUEST = """
insert into tenant_index (user_id, wanted_at)
select user_id, %(moment)s::timestamptz from search_collection
 where documents > %(exact)s and user_id not in (select user_id from tenant_index)
 order by user_id"""

_RELEASE = """
delete from tenant_index
 where user_id not in (select user_id from search_collection where documents >= %(enough)s)"""
