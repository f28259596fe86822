"""However much an operation has to tell, it asks the database equally often."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from psycopg.abc import Query

from tests.gateway import GatewayClient
from tests.integration.api.conftest import Pipeline
from tests.integration.api.operations import SECRET, Belongings, attempts, operations

MANY = 50


@contextmanager
def statements() -> Generator[list[str]]:
    """The statements that the database is asked meanwhile, with SQLAlchemy or without."""
    executed: list[str] = []
    execute = psycopg.Cursor[Any].execute

    def record(cursor: psycopg.Cursor[Any], query: Query, *arguments: Any, **keywords: Any) -> psycopg.Cursor[Any]:
        executed.append(str(query))
        return execute(cursor, query, *arguments, **keywords)

    with pytest.MonkeyPatch.context() as driver:
        driver.setattr(psycopg.Cursor, "execute", record)
        yield executed


def test_much_takes_no_more_statements_than_little(
    app: FastAPI, ada: GatewayClient, pipeline: Pipeline, of_ada: Belongings
) -> None:
    reading = [each for each in operations(app) if each.method == "GET" or each.path == "/search"]

    def count() -> dict[str, int]:
        counts: dict[str, int] = {}
        for operation in reading:
            with statements() as executed:
                answers = attempts(ada, operation, of_ada)
            assert {answer.status for _, answer in answers} <= {200, 307}, operation.name
            counts[operation.name] = len(executed)
        return counts

    little = count()
    kept = [str(pipeline.keep(f"A {SECRET} {number}").item.id) for number in range(MANY)]
    for number, item_id in enumerate(kept):
        ada.patch(f"/items/{item_id}", {"tags": [f"tag {number}"]})
        ada.post("/albums", {"name": f"album {number}"})
    ada.post(f"/albums/{of_ada['album_id']}/items", {"item_ids": kept})

    assert ada.get(f"/albums/{of_ada['album_id']}/items").json()["total"] == MANY + 1
    assert count() == little
    assert little["GET /items"] > 0
