"""Somebody whose collection has grown large is searched by indexes of their own, without a deployment."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, LiteralString

import psycopg
from psycopg import sql

from runtime.search.sizes import EXACT_ITEMS
from runtime.search.tenant_indexes import names_of
from tests.integration.stack.conftest import SAMPLES, User, signed_in

if TYPE_CHECKING:
    import httpx

    from local.stack import LocalStack

# What an item's copy has that is not the item's, by table.
OWN: dict[str, LiteralString] = {
    "item": "'id', copies.id, 'sha256', null",
    "analysis": "'id', copies.id, 'item_id', copies.id",
    "search_document": "'item_id', copies.id, 'analysis_id', copies.id",
    "search_posting": "'item_id', copies.id",
    "embedding": "'item_id', copies.id",
}


@contextmanager
def owner(stack: LocalStack) -> Generator[psycopg.Connection]:
    """The database, as its tables' owner."""
    name = f"{stack.outputs['parameterPrefix']}/database/admin_url"
    url = stack.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def copy(connection: psycopg.Connection, item_id: str, count: int) -> None:
    """Give the item's user so many searchable items like it."""
    connection.execute(
        "create temp table copies as select gen_random_uuid() as id from generate_series(1, %s)", [count]
    )
    for table, own in OWN.items():
        statement = sql.SQL(
            "insert into {table} select (jsonb_populate_record(original, jsonb_build_object(" + own + "))).*"
            " from {table} as original, copies where original.{key} = %s"
        )
        key = sql.Identifier("id" if table == "item" else "item_id")
        connection.execute(statement.format(table=sql.Identifier(table), key=key), [item_id])


def sweep(stack: LocalStack) -> None:
    swept = stack.client("lambda").invoke(FunctionName=stack.outputs["functions"]["sweeper"], Qualifier="live")
    assert "FunctionError" not in swept, swept["Payload"].read()


def uses(connection: psycopg.Connection, user_id: str) -> dict[str, int]:
    """How often each of the user's indexes was read; without those that are not there."""
    query = "select indexrelname, idx_scan from pg_stat_user_indexes where indexrelname = any(%s)"
    return dict(connection.execute(query, [names_of(user_id)]).fetchall())


def built(connection: psycopg.Connection, user_id: str) -> bool:
    query = "select 1 from tenant_index where user_id = %s and built_at is not null"
    return bool(connection.execute(query, [user_id]).fetchall())


def finds(user: User) -> bool:
    return bool(user.client.search("library card")["results"])


def test_a_sweep_has_indexes_built_that_searches_use_and_later_dropped(stack: LocalStack, http: httpx.Client) -> None:
    grace = signed_in(stack, http, "grace")
    item = grace.upload(SAMPLES / "library-card.png")
    with owner(stack) as connection:
        ((user_id,),) = connection.execute("select user_id from item where id = %s", [item["id"]]).fetchall()
        copy(connection, item["id"], EXACT_ITEMS)

        sweep(stack)
        grace.wait_for(lambda: built(connection, user_id))
        assert uses(connection, user_id) == dict.fromkeys(names_of(user_id), 0)
        grace.wait_for(lambda: finds(grace) and all(uses(connection, user_id).values()))

        connection.execute("delete from search_document where user_id = %s", [user_id])
        sweep(stack)
        grace.wait_for(lambda: not uses(connection, user_id))
