"""SQLModel's sessions on the stack's database, for tests that read and write rows as the tables' classes."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import cast

import psycopg
from sqlalchemy import Engine
from sqlmodel import Session

from runtime.postgres import Connection


@contextmanager
def tenant_session(engine: Engine, user_id: str) -> Generator[Session]:
    """A transaction in which row-level security shows and accepts only `user_id`'s rows.

    Commits when the block ends, rolls back when it raises. Objects stay readable after the commit.
    """
    with Session(engine, expire_on_commit=False) as session, session.begin():
        driver(session).execute("select set_config('app.user_id', %s, true)", [user_id])
        yield session


@contextmanager
def role_session(engine: Engine) -> Generator[Session]:
    """A transaction that belongs to no tenant."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def driver(session: Session) -> Connection:
    """The session's own connection, in its transaction, which the functions' code works with. What the session has yet
    to write is written before; what it has read stays as it was read."""
    session.flush()
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, psycopg.Connection):
        raise TypeError("the engine must use psycopg")
    return cast("Connection", connection)
