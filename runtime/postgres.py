"""Postgres for the functions: a connection in a transaction. What runs in it is written down in the module of what it
is about, once. There is no ORM, whose import takes as long as a function's other imports together."""

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, LiteralString, TypeVar

import psycopg
from msgspec import convert
from psycopg import sql
from psycopg.abc import Params, QueryNoTemplate
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.rows import RowFactory, RowMaker, TupleRow

CA_BUNDLE = Path(__file__).parent / "rds-ca-bundle.pem"
"""Amazon RDS's certificate authorities, which no default trust store holds."""

CONNECT_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 20_000
"""Below API Gateway's 30 s, so that the API answers with an error of its own."""
WAIT_SECONDS = 20
"""For a connection, likewise."""
PREPARED_FROM = 1
"""Executions after which a statement is kept prepared: few functions live long enough for the driver's usual five."""

Connection = psycopg.Connection[TupleRow]
RecordT = TypeVar("RecordT")


_BEGIN = sql.SQL("begin")
_BEGIN_OF_TENANT = sql.SQL("begin; select set_config('app.user_id', {}, true)")
"""Until the transaction's end row-level security shows and accepts only this user's rows. On one way to the database
and back."""


class Database:
    """Connections, made when first used and kept for the process's life. One that does not begin a transaction is
    replaced: a frozen function's may be dead."""

    def __init__(self, url: str, size: int = 1) -> None:
        """`url` is `postgresql://user:password@host:port/name?sslmode=…`. There are `size` connections at most, and
        threads beyond that wait for each other's transactions."""
        self._url = url
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._thread = threading.local()

    @contextmanager
    def tenant(self, user_id: str) -> Generator[Connection]:
        """A transaction in which row-level security shows and accepts only `user_id`'s rows.

        Commits when the block ends, rolls back when it raises. Raises `psycopg.Error` when the database does not
        answer, `psycopg.OperationalError` too when all connections are busy for long, and `RuntimeError` within another
        transaction of the same thread, whose rows are perhaps another tenant's.
        """
        with self._transaction(_BEGIN_OF_TENANT.format(sql.Literal(user_id))) as connection:
            yield connection

    @contextmanager
    def role(self) -> Generator[Connection]:
        """A transaction that belongs to no tenant: for the sweeper, whose database role has a policy of its own. Under
        the functions' role it sees no tenant's rows. Commits, rolls back and raises as `tenant` does."""
        with self._transaction(_BEGIN) as connection:
            yield connection

    def close(self) -> None:
        """Give idle connections back; the next transaction makes a new one."""
        while (connection := self._idle_one()) is not None:
            connection.close()

    @contextmanager
    def _transaction(self, beginning: sql.SQL | sql.Composed) -> Generator[Connection]:
        with self._begun(beginning) as connection:
            try:
                yield connection
            except BaseException:
                # What is raised already says what went wrong.
                with suppress(psycopg.Error):
                    connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _begun(self, beginning: sql.SQL | sql.Composed) -> Generator[Connection]:
        """A connection that nobody else has meanwhile, in a transaction."""
        if getattr(self._thread, "has_one", False):
            raise RuntimeError("a transaction is under way")
        if not self._free.acquire(timeout=WAIT_SECONDS):
            raise psycopg.OperationalError("all connections are busy")
        try:
            connection = self._begin(beginning)
            self._thread.has_one = True
            try:
                yield connection
            finally:
                self._thread.has_one = False
                self._keep(connection)
        finally:
            self._free.release()

    def _begin(self, beginning: sql.SQL | sql.Composed) -> Connection:
        """Of the connection that was used last, or of a new one where none is alive, which shows when it begins."""
        while (connection := self._idle_one()) is not None:
            if _begins(connection, beginning):
                return connection
            connection.close()
        # The driver would begin transactions of its own.
        connection = psycopg.connect(self._url, autocommit=True, **connection_options(self._url))
        try:
            _execute(connection, beginning)
        except psycopg.Error:
            connection.close()
            raise
        return connection

    def _keep(self, connection: Connection) -> None:
        """For the next transaction, which must be another one: this may be another tenant's."""
        if connection.info.transaction_status is TransactionStatus.IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def _idle_one(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None


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


def scalar(connection: Connection, query: QueryNoTemplate, values: Params | None = None) -> Any:
    """The one value of the one row that `query` has."""
    ((value,),) = connection.execute(query, values)
    return value


def read_rows(
    connection: Connection, record: type[RecordT], beginning: bytes, query: LiteralString, values: Params
) -> list[RecordT]:
    """The rows of a statement: its `beginning` selects what the record has, up to the table's name, and `query` is what
    follows that."""
    return connection.cursor(row_factory=rows_of(record)).execute(beginning + query.encode(), values).fetchall()


def rows_of(record: type[RecordT]) -> RowFactory[RecordT]:
    """Makes records of a cursor's rows, whose columns have the names of the record's fields: texts become members of
    enumerations, and JSON what it stands for."""

    def make(cursor: psycopg.Cursor[Any]) -> RowMaker[RecordT]:
        names = [column.name for column in cursor.description or ()]
        return lambda values: convert(dict(zip(names, values, strict=True)), record)

    return make


def selecting(table: LiteralString, record: type) -> bytes:
    """A statement's beginning, for `read_rows`."""
    return sql.SQL("select {} from {} ").format(columns(record), sql.Identifier(table)).as_bytes()


def columns(record: type) -> sql.Composed:
    """The record's columns, for `select` and `returning`. Not `*`: once a migration adds a column, a connection that
    has prepared such a statement can only fail."""
    return sql.SQL(", ").join(map(sql.Identifier, _names(record)))


def inserting(table: LiteralString, record: type) -> sql.Composed:
    """The statement that adds a row to `table` with the record's values, by its fields' names."""
    values = sql.SQL(", ").join(map(sql.Placeholder, _names(record)))
    return sql.SQL("insert into {} ({}) values ({})").format(sql.Identifier(table), columns(record), values)


def _names(record: type) -> list[str]:
    return [field.name for field in fields(record)]


def _begins(connection: Connection, beginning: sql.SQL | sql.Composed) -> bool:
    try:
        _execute(connection, beginning)
    except psycopg.Error:
        return False
    return True


def _execute(connection: Connection, beginning: sql.SQL | sql.Composed) -> None:
    # Prepared, it could not be two statements.
    connection.execute(beginning, prepare=False)
