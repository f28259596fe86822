"""Migrate: run once per deployment, as the database's owner, before the functions that need the schema; and between
deployments when the sweeper says that large tenants' indexes are wanted."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any, TypedDict

import msgspec
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from sqlalchemy import Engine

from runtime.database import connect
from runtime.events import EventHeader, IndexesWanted
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE, create_login, upgrade
from runtime.observability import observed, timed
from runtime.search.tenant_indexes import build
from runtime.settings import Secret, Settings, load

logger = Logger()


class OwnerSettings(Settings):
    """The owner's access."""

    database_url: Secret


class MigrateSettings(OwnerSettings):
    """The same, and the logins that the functions and the sweeper are to have."""

    functions_database_url: Secret
    sweeper_database_url: Secret


class Migrated(TypedDict):
    """What the deployment gets to see."""

    revision: str


class Indexed(TypedDict):
    """What was done between deployments."""

    built: int
    """Tenants who got indexes."""
    dropped: int
    """Indexes that nobody needs any more."""


@observed()
def handler(event: Mapping[str, Any], _context: LambdaContext) -> Migrated | Indexed:
    """A deployment's `{}` migrates. `IndexesWanted`, as EventBridge delivers it, builds and drops large tenants' own
    indexes and does nothing else: a migration that failed is tried again by a deployment alone. Raises ValueError for
    any other event."""
    if not event:
        return _migrate(load(MigrateSettings))
    header = msgspec.convert(event, EventHeader)
    if (header.source, header.detail_type) != (IndexesWanted.source, IndexesWanted.detail_type):
        raise ValueError(f"{header.detail_type} of {header.source} is nothing that migrate knows")
    return _index(load(OwnerSettings))


def _migrate(settings: MigrateSettings) -> Migrated:
    """Create or update the two logins and bring the schema up to date, large tenants' own indexes
    included. Any error fails the deployment."""
    with _as_owner(settings) as engine:
        create_login(engine, settings.functions_database_url.reveal(), FUNCTIONS_ROLE)
        create_login(engine, settings.sweeper_database_url.reveal(), SWEEPER_ROLE)
        revision = upgrade(engine)
        built, dropped = build(engine)
    logger.info("The database has its schema", extra={"revision": revision, "indexed": built, "dropped": dropped})
    return {"revision": revision}


def _index(settings: OwnerSettings) -> Indexed:
    with _as_owner(settings) as engine:
        built, dropped = build(engine)
    logger.info("Large tenants have their indexes", extra={"indexed": built, "dropped": dropped})
    return {"built": built, "dropped": dropped}


@contextmanager
def _as_owner(settings: OwnerSettings) -> Generator[Engine]:
    """The database, for one run's work, which is counted and timed."""
    engine = connect(settings.database_url.reveal(), pool_size=2)
    try:
        with timed():
            yield engine
    finally:
        engine.dispose()
