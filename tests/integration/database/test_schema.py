"""The migrations make the tables that the code's models describe."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

from runtime import models
from tests.integration.conftest import Database


def _is_described_by_models(_thing: object, _name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return kind not in {"index", "unique_constraint"} and _name != "alembic_version"


def test_migrated_tables_are_those_of_the_models(database: Database) -> None:
    assert models.TENANT_TABLES
    with database.owner.connect() as connection:
        options = {"include_object": _is_described_by_models, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        differences = compare_metadata(context, SQLModel.metadata)
    assert differences == []
