"""One user neither sees nor changes anything of another's, on any operation of the OpenAPI document."""

from typing import Any

from fastapi import FastAPI
from sqlalchemy import text

from runtime.models import TENANT_TABLES
from tests.gateway import GatewayClient
from tests.integration.api.conftest import ADA, Bus
from tests.integration.api.operations import BODIES, QUERY_IDS, SPARED, Belongings, attempts, operations
from tests.integration.conftest import Database


def rows_of_ada(database: Database) -> dict[str, Any]:
    """All of them, in every table."""
    with database.owner.connect() as connection:
        return {
            table: connection.execute(
                text(
                    f"select jsonb_agg(to_jsonb(mine) order by to_jsonb(mine)::text) from {table} as mine "
                    "where user_id = :user_id"
                ),
                {"user_id": ADA},
            ).scalar()
            for table in TENANT_TABLES
        }


def test_the_tables_above_know_every_operation(app: FastAPI, of_ada: Belongings) -> None:
    for operation in operations(app):
        unknown = [name for name in operation.parameters("path") if name not in of_ada.by_parameter]
        assert unknown == [], f"{operation.name}: give Ada one of these in `of_ada`"
        ids = [
            each["name"]
            for each in operation.description.get("parameters", ())
            if each["in"] == "query" and "uuid" in str(each["schema"])
        ]
        assert [name for name in ids if name not in QUERY_IDS] == [], f"{operation.name}: `QUERY_IDS` lacks it"
        if operation.body == "application/json":
            assert operation.name in BODIES, f"{operation.name}: `BODIES` lacks it"
    assert BODIES.keys() <= {operation.name for operation in operations(app)}


def test_another_user_sees_and_changes_nothing_on_any_operation(
    app: FastAPI, bob: GatewayClient, of_ada: Belongings, database: Database, bus: Bus
) -> None:
    before = rows_of_ada(database)
    bus.heard()

    for operation in operations(app):
        for sent, answer in attempts(bob, operation, of_ada):
            where = f"{operation.name} with {sent}: {answer.status} {answer.body}"
            by_id = operation.parameters("path") or any(
                of_ada[name] in sent for name in ("session_id", *QUERY_IDS.values())
            )
            assert answer.status == 404 if by_id else answer.status < 400, where
            told = f"{answer.body} {answer.headers}"
            assert [secret for secret in of_ada.secrets if secret in told and secret not in sent] == [], where

    assert rows_of_ada(database) == before
    assert [detail for _, detail in bus.heard() if of_ada["item_id"] in str(detail) or ADA in str(detail)] == []


def test_anothers_item_cannot_be_put_into_ones_own_album(
    bob: GatewayClient, of_ada: Belongings, database: Database
) -> None:
    own = bob.post("/albums", {"name": "mine"}).json()["id"]

    assert bob.post(f"/albums/{own}/items", {"item_ids": [of_ada["item_id"]]}).status == 404
    assert bob.get(f"/albums/{own}").json()["items"] == 0


def test_the_owner_is_not_told_that_they_do_not_exist(app: FastAPI, ada: GatewayClient, of_ada: Belongings) -> None:
    """Or else the tests above would prove nothing."""
    for operation in operations(app):
        if operation.name not in SPARED:
            statuses = {answer.status for _, answer in attempts(ada, operation, of_ada)}
            assert statuses.isdisjoint({404, 422}), operation.name


def test_who_is_not_signed_in_is_refused_on_every_operation(
    app: FastAPI, ada: GatewayClient, of_ada: Belongings
) -> None:
    nobody = ada.as_user(None)

    answers = {
        (operation.name, answer.status)
        for operation in operations(app)
        for _, answer in attempts(nobody, operation, of_ada)
    }

    assert {status for _, status in answers} == {401}, answers
