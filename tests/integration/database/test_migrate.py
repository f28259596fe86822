"""Migrate makes a new database usable, repeats without harm, and fails aloud."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import pytest
from psycopg import OperationalError, connect
from sqlalchemy import make_url

from runtime import database as runtime_database
from runtime.handlers import migrate
from runtime.migrations import upgrade as upgrading
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE, create_login, upgrade
from runtime.settings import SettingsError
from tests.integration.conftest import OWNER_ROLE, Database

CONTEXT = SimpleNamespace(
    function_name="migrate", memory_limit_in_mb=512, invoked_function_arn="arn:migrate", aws_request_id="1"
)
NEW = "collections_new"
LATEST = max(path.stem.partition("_")[0] for path in (Path(upgrading.__file__).parent / "versions").glob("*.py"))


@pytest.fixture
def new_database(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The owner's URL of a database without a table, and the function's environment for it."""
    database.server.create(username=OWNER_ROLE, password=f"of-{OWNER_ROLE}", database=NEW)
    monkeypatch.setenv("STACK", "test")
    for name, role in (("", OWNER_ROLE), ("FUNCTIONS_", FUNCTIONS_ROLE), ("SWEEPER_", SWEEPER_ROLE)):
        url = make_url(database.url(role)).set(database=NEW).render_as_string(hide_password=False)
        monkeypatch.setenv(f"{name}DATABASE_URL", url)
    yield make_url(database.url(OWNER_ROLE)).set(database=NEW).render_as_string(hide_password=False)
    # As the superuser: the owner may not end an autovacuum that is at work in it.
    with connect(database.server.superuser_url, autocommit=True) as connection:
        connection.execute(f"drop database {NEW} with (force)")


def invoke(event: Mapping[str, object] = MappingProxyType({})) -> object:
    return migrate.handler(dict(event), CONTEXT)  # pyright: ignore[reportArgumentType] (what the logger reads of a context)


def test_a_new_database_gets_its_schema_and_a_second_run_changes_nothing(new_database: str) -> None:
    assert invoke() == invoke() == {"revision": LATEST}


def test_two_migrations_at_once_wait_for_each_other(new_database: str) -> None:
    def migrate_once(_: int) -> str:
        engine = runtime_database.connect(new_database, pool_size=2)
        try:
            return upgrade(engine)
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(migrate_once, range(4))) == [LATEST] * 4


def set_revision(url: str, revision: str) -> None:
    with connect(url) as connection:
        connection.execute("update alembic_version set version_num = %s", [revision])


def test_the_schema_of_a_later_release_stays_when_that_is_rolled_back(new_database: str) -> None:
    invoke()
    set_revision(new_database, "9999")

    assert invoke() == {"revision": "9999"}


def test_a_revision_that_no_release_has_fails_the_deployment(new_database: str) -> None:
    invoke()
    set_revision(new_database, "0002b")

    with pytest.raises(RuntimeError, match="has the revision 0002b"):
        invoke()


def test_a_rotated_password_replaces_the_old_one(database: Database) -> None:
    old = database.url(FUNCTIONS_ROLE)
    new = make_url(old).set(password="rotated:100%'new'@/").render_as_string(hide_password=False)
    try:
        create_login(database.owner, new, FUNCTIONS_ROLE)
        connect(new).close()
        with pytest.raises(OperationalError, match="password authentication failed"):
            connect(old)
    finally:
        create_login(database.owner, old, FUNCTIONS_ROLE)


def test_a_url_of_another_role_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="must log in as collections_sweeper"):
        create_login(database.owner, database.url(FUNCTIONS_ROLE), SWEEPER_ROLE)


def test_a_failing_migration_fails_the_deployment_and_leaves_nothing(
    new_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(new_database) as connection:
        connection.execute("create table usage (in_the_way boolean)")
    with pytest.raises(Exception, match='relation "usage" already exists'):
        invoke()
    with connect(new_database) as connection:
        assert connection.execute("select to_regclass('item')").fetchone() == (None,)


def test_a_missing_setting_fails_the_deployment(new_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SWEEPER_DATABASE_URL")
    with pytest.raises(SettingsError, match="sweeper_database_url"):
        invoke()


INDEXES_WANTED = {"source": "collections.sweeper", "detail-type": "IndexesWanted", "detail": {"schema_version": 1}}


def test_between_deployments_only_indexes_are_built_and_no_login_is_touched(
    new_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoke()
    # A migration from here would fail, for all tables are there.
    set_revision(new_database, "0001")
    with connect(new_database) as connection:
        connection.execute("insert into tenant_index (user_id, wanted_at) values ('ada', now())")
    for role in ("FUNCTIONS", "SWEEPER"):
        monkeypatch.delenv(f"{role}_DATABASE_URL")

    assert invoke(INDEXES_WANTED) == {"built": 1, "dropped": 0}

    with connect(new_database) as connection:
        assert connection.execute("select version_num from alembic_version").fetchall() == [("0001",)]
        (built,) = connection.execute("select built_at is not null from tenant_index").fetchall()
    assert built == (True,)


def test_a_database_that_no_deployment_has_migrated_stays_as_it_is(new_database: str) -> None:
    with pytest.raises(Exception, match='relation "tenant_index" does not exist'):
        invoke(INDEXES_WANTED)
    with connect(new_database) as connection:
        assert connection.execute("select to_regclass('item')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("event", "complaint"),
    [({**INDEXES_WANTED, "detail-type": "ItemFailed"}, "ItemFailed of collections.sweeper"), ({"n": 1}, "source")],
)
def test_what_is_no_deployment_and_no_such_event_does_nothing(
    new_database: str, event: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        invoke(event)
    with connect(new_database) as connection:
        assert connection.execute("select to_regclass('item')").fetchone() == (None,)


def test_passwords_are_never_logged(new_database: str, database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with connect(database.server.superuser_url, autocommit=True) as connection:
        connection.execute("alter system set log_statement = 'all'")
        connection.execute("select pg_reload_conf()")
        try:
            invoke()
        finally:
            connection.execute("alter system reset log_statement")
            connection.execute("select pg_reload_conf()")
    written = capsys.readouterr()
    server_log = database.server.log.read_text()
    assert "SCRAM-SHA-256$" in server_log, "statements were logged"
    for log in (written.out, written.err, server_log):
        assert f"of-{FUNCTIONS_ROLE}" not in log
        assert f"of-{SWEEPER_ROLE}" not in log
