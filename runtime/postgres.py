"""Postgres for functions without an ORM, and for what they share with those that have one: a connection in a
transaction. What runs in it is written down in the module of what it is about, once."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from pydantic import BaseModel

CA_BUNDLE = Path(__file__).parent / "rds-ca-bundle.pem"
"""Amazon RDS's certificate authorities, which no default trust store holds."""

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 20_000
"""Below API Gateway's 30 s, so that the API answers with an error of its own."""
PREPARED_FROM = 1
"""Executions after which a statement is kept prepared: few functions live long enough for the driver's usual five."""

Connection = psycopg.Connection[TupleRow]


class Database:
    """One connection, made when first used and kept for the process's life. Threads wait for each other's
    transactions."""

    def __init__(self, url: str) -> None:
        """`url` is `postgresql://user:password@host:port/name?sslmode=…`."""
        self._url = url
        self._connection: Connection | None = None
        self._lock = threading.RLock()

    @contextmanager
    def tenant(self, user_id: str) -> Generator[Connection]:
        """A transaction in which row-level security shows and accepts only `user_id`'s rows.

        Commits when the block ends, rolls back when it raises. Raises `psycopg.Error` when the database does not
        answer, and `RuntimeError` within another transaction.
        """
        with self.role() as connection:
            show_only(connection, user_id)
            yield connection

    @contextmanager
    def role(self) -> Generator[Connection]:
        """A transaction that belongs to no tenant: for the sweeper, whose database role has a policy of its own. Under
        the functions' role it sees no tenant's rows. Commits, rolls back and raises as `tenant` does."""
        with self._lock:
            connection = self._answering()
            with connection.transaction():
                yield connection

    def close(self) -> None:
        """Give the connection back; the next transaction makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answering(self) -> Connection:
        """The connection, or a new one where it died, as a frozen function's may have."""
        if self._connection is not None and not _answers(self._connection):
            self.close()
        if self._connection is None:
            # What a function asks outside of a transaction, as whether it is alive, is not to begin one.
            self._connection = psycopg.connect(self._url, autocommit=True, **connection_options(self._url))
        return self._connection


def connection_options(url: str) -> dict[str, Any]:
    """What a connection to `url` is made with, as keywords for `psycopg.connect`."""
    options = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        # Compiling a statement takes longer than any of ours runs; RDS's default is to do it.
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC -c jit=off",
        "prepare_threshold": PREPARED_FROM,
    }
    if conninfo_to_dict(url).get("sslmode") == "verify-full":
        options["sslrootcert"] = str(CA_BUNDLE)
    return options


def show_only(connection: Connection, user_id: str) -> None:
    """Have row-level security show and accept only `user_id`'s rows until the transaction's end."""
    connection.execute("select set_config('app.user_id', %s, true)", [user_id])


def columns(record: type[BaseModel]) -> sql.Composed:
    """The record's columns, for `select` and `returning`. Not `*`: once a migration adds a column, a connection that
    has prepared such a statement can only fail."""
    return sql.SQL(", ").join(map(sql.Identifier, record.model_fields))


def _answers(connection: Connection) -> bool:
    if connection.info.transaction_status in {TransactionStatus.INTRANS, TransactionStatus.ACTIVE}:
        raise RuntimeError("a transaction is under way, and its rows are perhaps another tenant's")
    try:
        connection.execute("")
    except psycopg.Error:
        return False
    return True
