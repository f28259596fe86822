"""Postgres for functions that use SQLModel: one engine per process, and a session that shows one tenant's rows."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import psycopg
from sqlalchemy import Engine, make_url
from sqlmodel import Session, create_engine

from runtime.postgres import Connection, connection_options, show_only


def connect(url: str, pool_size: int = 1) -> Engine:
    """An engine for `url` (`postgresql://user:password@host:port/name?sslmode=…`).

    Connections are made when first used, checked before each use (a frozen function's may be dead) and never exceed
    `pool_size`.
    """
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args=connection_options(url),
    )


@contextmanager
def tenant_session(engine: Engine, user_id: str) -> Generator[Session]:
    """A transaction in which row-level security shows and accepts only `user_id`'s rows.

    Commits when the block ends, rolls back when it raises. Objects stay readable after the commit.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        show_only(driver(session), user_id)
        yield session


@contextmanager
def role_session(engine: Engine) -> Generator[Session]:
    """A transaction that belongs to no tenant: for the health check, and for whoever looks at all tenants' rows under
    the sweeper's database role, which has a policy of its own. Under the functions' role it sees no tenant's rows."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def driver(session: Session) -> Connection:
    """The session's own connection, in its transaction, for what is written without an ORM. What the session has yet to
    write is written before; what it has read stays as it was read."""
    session.flush()
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the engine must use psycopg")
    return cast("Connection", connection)
