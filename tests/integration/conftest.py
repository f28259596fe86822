"""A real Postgres for the tests: one server for the session, migrated, emptied before each test that asks for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from local.postgres import Postgres
from runtime.database import connect
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE, create_login, upgrade
from runtime.models import TENANT_TABLES

OWNER_ROLE = "collections_owner"


@dataclass(frozen=True)
class Database:
    """The migrated database, and a pool of connections for each of its roles."""

    server: Postgres
    owner: Engine
    functions: Engine
    sweeper: Engine

    def url(self, role: str) -> str:
        """Where `role` logs in. Its password is made of its name."""
        return _url(self.server, role)


def _url(server: Postgres, role: str) -> str:
    return f"postgresql://{role}:of-{role}@{server.host}:{server.port}/collections?sslmode=disable"


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("postgres")
    with Postgres(folder, durable=False) as server:
        server.create(username=OWNER_ROLE, password=f"of-{OWNER_ROLE}", database="collections")

        roles = (OWNER_ROLE, FUNCTIONS_ROLE, SWEEPER_ROLE)
        database = Database(server, *(connect(_url(server, role), pool_size=8) for role in roles))
        for role in (FUNCTIONS_ROLE, SWEEPER_ROLE):
            create_login(database.owner, database.url(role), role)
        upgrade(database.owner)
        yield database
        for pool in (database.owner, database.functions, database.sweeper):
            pool.dispose()


@pytest.fixture
def database(migrated_database: Database) -> Database:
    """The database, without a row."""
    with migrated_database.owner.begin() as connection:
        connection.execute(text(f"truncate {', '.join((*TENANT_TABLES, 'analysis_batch'))}"))
    return migrated_database
