"""Brings a database to the schema that this code expects. Run by the owner, before anything that needs the schema.

Migrations only ever add (expand): the functions of the release before go on working with the new schema.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import Connection, sql
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import Engine, make_url, text

FUNCTIONS_ROLE = "collections_functions"
SWEEPER_ROLE = "collections_sweeper"
"""The roles that migrations grant to."""

_ADVISORY_LOCK = 0x636F6C6C  # "coll"
_LOCK_TIMEOUT = "10s"
"""A migration that waits for a table makes every query behind it wait too; better to fail and be repeated."""


def create_login(engine: Engine, url: str, role: str) -> None:
    """Make `role` able to log in with the password in `url`, whether or not it exists.

    Raises `ValueError` when `url` is another role's or has no password.
    """
    address = make_url(url)
    if address.username != role or not address.password:
        raise ValueError(f"the database url must log in as {role}, with a password; it names {address.username}")
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        if not isinstance(driver, Connection):
            raise TypeError("the engine must use psycopg")
        # Hashed here, so that no statement, and so no log of the server, ever holds the password.
        verifier = driver.pgconn.encrypt_password(address.password.encode(), role.encode(), b"scram-sha-256").decode()
        if not driver.execute("select from pg_roles where rolname = %s", [role]).rowcount:
            driver.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
        driver.execute(sql.SQL("alter role {} login password {}").format(sql.Identifier(role), sql.Literal(verifier)))


def upgrade(engine: Engine) -> str:
    """Run what is missing of the migrations, one process at a time. Returns the revision that the database then has.

    A later revision than this code knows stays: a release that has been rolled back left it, and this code works with
    it. `engine` must allow two connections. Raises `RuntimeError` when the database has a revision that no release of
    this code can have left.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    with engine.connect() as lock, engine.connect() as connection:
        lock.execution_options(isolation_level="AUTOCOMMIT")
        lock.execute(text("set statement_timeout = 0"))
        lock.execute(text("select pg_advisory_lock(:key)"), {"key": _ADVISORY_LOCK})
        try:
            connection.execute(text(f"set lock_timeout = '{_LOCK_TIMEOUT}'"))
            connection.execute(text("set statement_timeout = 0"))
            connection.commit()
            config.attributes["connection"] = connection
            ahead = _is_ahead(config, _revision(connection))
            # Alembic begins and commits a transaction of its own only where none is open.
            connection.rollback()
            if not ahead:
                command.upgrade(config, "head")
            revision = _revision(connection)
        finally:
            lock.execute(text("select pg_advisory_unlock(:key)"), {"key": _ADVISORY_LOCK})
            # The pool would hand these sessions, without their timeouts, to somebody else.
            connection.invalidate()
            lock.invalidate()
    if revision is None:
        raise RuntimeError("there are no migrations")
    return revision


def _revision(connection: SqlConnection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_ahead(config: Config, revision: str | None) -> bool:
    """Whether the database has a later revision than this code knows. Revisions are numbered."""
    scripts = ScriptDirectory.from_config(config)
    if revision is None or revision in {each.revision for each in scripts.walk_revisions()}:
        return False
    head = scripts.get_current_head() or ""
    if len(revision) == len(head) and revision > head:
        return True
    raise RuntimeError(f"the database has the revision {revision}, which none of this code's migrations leads to")
