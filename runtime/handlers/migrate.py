"""Migrate: run once per deployment, as the database's owner, before the functions that need the schema."""

from typing import TypedDict

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import SecretStr

from runtime.database import connect
from runtime.migrations.upgrade import FUNCTIONS_ROLE, SWEEPER_ROLE, create_login, upgrade
from runtime.observability import observed, timed
from runtime.search.tenant_indexes import build
from runtime.settings import Settings, load

logger = Logger()


class MigrateSettings(Settings):
    """The owner's access, and the logins that the functions and the sweeper are to have."""

    database_url: SecretStr
    functions_database_url: SecretStr
    sweeper_database_url: SecretStr


class Migrated(TypedDict):
    """What the deployment gets to see."""

    revision: str


@observed()
def handler(_event: dict[str, object], _context: LambdaContext) -> Migrated:
    """Create or update the two logins and bring the schema up to date, large tenants' own indexes
    included. Any error fails the deployment."""
    settings = load(MigrateSettings)
    engine = connect(settings.database_url.get_secret_value(), pool_size=2)
    try:
        with timed():
            create_login(engine, settings.functions_database_url.get_secret_value(), FUNCTIONS_ROLE)
            create_login(engine, settings.sweeper_database_url.get_secret_value(), SWEEPER_ROLE)
            revision = upgrade(engine)
            built, dropped = build(engine)
    finally:
        engine.dispose()
    logger.info("The database has its schema", extra={"revision": revision, "indexed": built, "dropped": dropped})
    return {"revision": revision}
