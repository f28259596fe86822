"""Indexes of large tenants' own: the sweeper says who needs them, migrate builds them as the tables' owner.

An index over one tenant's vectors finds that tenant's nearest ones; one that tenants share finds everybody's, of which
row-level security then leaves a small tenant almost nothing. Searches use them once they are recorded as built.
"""

from hashlib import sha256
from typing import Any, LiteralString, cast

from psycopg import Connection, sql
from sqlalchemy import Engine, text
from sqlmodel import Session, col, delete, select

from runtime.models import SearchCollection, TenantIndex
from runtime.search import way

KEEP_SHARE = 0.5
"""Of `way.EXACT_ITEMS`: a tenant with fewer documents does not need indexes any more. Between the two nothing
changes, so that nobody's are built and dropped in turns."""
BUILD_MEMORY = "128MB"
"""For building an index; the smallest database has 1 GB."""

_ADVISORY_LOCK = 0x696E6478  # "indx"
_Driver = Connection[tuple[Any, ...]]

# What a name begins with says what is indexed, the rest whose it is.
_DEFINITIONS: dict[str, LiteralString] = {
    "tenant_meaning_": "create index concurrently {name} on embedding using hnsw (embedding halfvec_cosine_ops)"
    " where user_id = {user_id}",
    "tenant_words_": "create index concurrently {name} on search_posting"
    " (lexeme, search_impact(frequency, token_count) desc) include (item_id, frequency, token_count)"
    " where user_id = {user_id}",
}


def request_and_release(session: Session) -> tuple[int, int]:
    """As the sweeper: note which tenants need indexes of their own, and forget those who do not any more. How many were
    added, and how many removed."""
    wanted = set(session.exec(select(SearchCollection.user_id).where(SearchCollection.documents > way.EXACT_ITEMS)))
    enough = SearchCollection.documents >= way.EXACT_ITEMS * KEEP_SHARE
    kept = set(session.exec(select(SearchCollection.user_id).where(enough)))
    noted = set(session.exec(select(TenantIndex.user_id)))
    new, gone = sorted(wanted - noted), sorted(noted - kept)
    session.add_all(TenantIndex(user_id=user_id) for user_id in new)
    if gone:
        session.exec(delete(TenantIndex).where(col(TenantIndex.user_id).in_(gone)))
    return len(new), len(gone)


def build(engine: Engine) -> tuple[int, int]:
    """As the owner: build what is wanted and not there, drop what is not wanted. Tables stay writable meanwhile, and
    what an interrupted run left is made good. How many tenants got indexes, and how many indexes were dropped; none
    while another process is at it."""
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        if not connection.execute(text("select pg_try_advisory_lock(:key)"), {"key": _ADVISORY_LOCK}).scalar_one():
            return 0, 0
        try:
            connection.execute(text("set statement_timeout = 0"))
            connection.execute(text(f"set maintenance_work_mem = '{BUILD_MEMORY}'"))
            driver = connection.connection.driver_connection
            if not isinstance(driver, Connection):
                raise TypeError("the engine must use psycopg")
            return _build(cast("_Driver", driver)), _drop(cast("_Driver", driver))
        finally:
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": _ADVISORY_LOCK})
            # The pool would hand this session, without its timeout, to somebody else.
            connection.invalidate()


def names_of(user_id: str) -> list[str]:
    """The tenant's indexes: for meaning, then for words."""
    return [prefix + sha256(user_id.encode()).hexdigest()[:32] for prefix in _DEFINITIONS]


def _build(connection: _Driver) -> int:
    waiting = connection.execute(
        "select user_id from tenant_index where built_at is null order by wanted_at"
    ).fetchall()
    for (user_id,) in waiting:
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


def _drop(connection: _Driver) -> int:
    there = connection.execute(
        "select relname from pg_class where relkind = 'i' and relnamespace = 'public'::regnamespace"
        " and relname ~ '^tenant_(meaning|words)_[0-9a-f]{32}$'"
    ).fetchall()
    users = connection.execute("select user_id from tenant_index").fetchall()
    wanted = {name for (user_id,) in users for name in names_of(user_id)}
    unwanted = sorted(name for (name,) in there if name not in wanted)
    for name in unwanted:
        connection.execute(sql.SQL("drop index concurrently if exists {}").format(sql.Identifier(name)))
    return len(unwanted)
