"""The functions' connections: few, alive, and each transaction one tenant's."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from runtime import items, postgres
from runtime.migrations.upgrade import FUNCTIONS_ROLE
from runtime.postgres import scalar
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import new_item

ADA, BOB = "ada", "bob"
SIZE = 2
BACKEND = "select pg_backend_pid()"
TENANT = "select coalesce(current_setting('app.user_id', true), '')"


@pytest.fixture(name="connections")
def _connections(database: Database) -> Iterator[postgres.Database]:
    connections = postgres.Database(database.url(FUNCTIONS_ROLE), SIZE)
    yield connections
    connections.close()


def test_a_connection_is_kept(connections: postgres.Database) -> None:
    def backend() -> int:
        with connections.role() as connection:
            return scalar(connection, BACKEND)

    assert backend() == backend()


def test_a_connection_that_died_is_replaced(connections: postgres.Database, database: Database) -> None:
    with connections.role() as connection:
        dead = scalar(connection, BACKEND)
    with psycopg.connect(database.server.superuser_url) as superuser:
        assert scalar(superuser, "select pg_terminate_backend(%s, 5000)", [dead])

    with connections.role() as connection:
        assert scalar(connection, BACKEND) != dead


def test_one_that_dies_within_a_transaction_is_too(connections: postgres.Database) -> None:
    with pytest.raises(psycopg.OperationalError), connections.role() as connection:
        connection.execute("select pg_terminate_backend(pg_backend_pid())")

    with connections.role() as connection:
        assert scalar(connection, "select 1") == 1


def test_many_threads_share_as_many_as_are_allowed(connections: postgres.Database) -> None:
    def backend(_: int) -> int:
        with connections.role() as connection:
            return scalar(connection, "select pg_backend_pid() from pg_sleep(0.1)")

    with ThreadPoolExecutor(3 * SIZE) as pool:
        assert len(set(pool.map(backend, range(3 * SIZE)))) == SIZE


def test_who_waits_for_one_in_vain_is_told(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "WAIT_SECONDS", 0.05)
    connections = postgres.Database(database.url(FUNCTIONS_ROLE))

    def wait() -> None:
        with connections.role():
            pass

    with connections.role(), ThreadPoolExecutor(1) as pool, pytest.raises(psycopg.OperationalError, match="busy"):
        pool.submit(wait).result()
    wait()
    connections.close()


def test_a_transaction_within_another_is_refused(connections: postgres.Database) -> None:
    with (
        connections.tenant(ADA),
        pytest.raises(RuntimeError, match="under way"),
        connections.tenant(BOB),
    ):
        pass
    with connections.tenant(BOB) as connection:
        assert scalar(connection, TENANT) == BOB


@pytest.mark.parametrize("fails", [False, True])
def test_a_tenant_is_one_transactions_alone(connections: postgres.Database, fails: bool) -> None:
    def use() -> None:
        with connections.tenant(ADA) as connection:
            items.create(connection, new_item(ADA))
            if fails:
                raise ZeroDivisionError

    if fails:
        with pytest.raises(ZeroDivisionError):
            use()
    else:
        use()

    with connections.role() as connection:
        assert (scalar(connection, TENANT), scalar(connection, "select count(*) from item")) == ("", 0)
    with connections.tenant(BOB) as connection:
        assert scalar(connection, "select count(*) from item") == 0
    with connections.tenant(ADA) as connection:
        assert scalar(connection, "select count(*) from item") == (0 if fails else 1)


@pytest.mark.parametrize("user_id", ["o'hara", "a\\b", "'; select set_config('app.user_id', 'bob', true); --", "%s {}"])
def test_a_tenants_name_is_taken_as_it_is(connections: postgres.Database, user_id: str) -> None:
    for _ in range(2):
        with connections.tenant(user_id) as connection:
            assert scalar(connection, TENANT) == user_id


def test_what_cannot_be_rolled_back_is_not_gone_on_with(connections: postgres.Database) -> None:
    used: list[postgres.Connection] = []

    def fail() -> None:
        with connections.tenant(ADA) as connection:
            used.append(connection)
            items.create(connection, new_item(ADA))
            # Busy with this, the connection refuses everything else.
            connection.pgconn.send_query(b"select pg_sleep(0.1)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert used[0].closed
    with connections.tenant(ADA) as connection:
        assert scalar(connection, "select count(*) from item") == 0
