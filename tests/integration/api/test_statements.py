"""However much an operation has to tell, it asks the database equally often."""

import pytest
from fastapi import FastAPI

from benchmarks.baseline import off
from tests.gateway import GatewayClient
from tests.integration.api.conftest import Pipeline
from tests.integration.api.operations import SECRET, Belongings, attempts, operations
from tests.integration.statements import statements

MANY = 50


def statements_of_reading(app: FastAPI, ada: GatewayClient, of_ada: Belongings) -> dict[str, int]:
    """By operation, of everything that it can be asked for."""
    counts: dict[str, int] = {}
    # A search that was told otherwise the last time asks once more than the next.
    assert ada.post("/search", {"query": SECRET}).status == 200
    for operation in operations(app):
        if operation.method == "GET" or operation.path == "/search":
            with statements() as executed:
                answers = attempts(ada, operation, of_ada)
            assert {answer.status for _, answer in answers} <= {200, 307}, operation.name
            counts[operation.name] = len(executed)
    return counts


def test_much_takes_no_more_statements_than_little(
    app: FastAPI, ada: GatewayClient, pipeline: Pipeline, of_ada: Belongings
) -> None:
    little = statements_of_reading(app, ada, of_ada)
    kept = [str(pipeline.keep(f"A {SECRET} {number}").item.id) for number in range(MANY)]
    for number, item_id in enumerate(kept):
        ada.patch(f"/items/{item_id}", {"tags": [f"tag {number}"]})
        ada.post("/albums", {"name": f"album {number}"})
    ada.post(f"/albums/{of_ada['album_id']}/items", {"item_ids": kept})

    assert ada.get(f"/albums/{of_ada['album_id']}/items").json()["total"] == MANY + 1
    assert statements_of_reading(app, ada, of_ada) == little


@pytest.mark.baseline
def test_an_operation_takes_as_many_statements_as_are_written_down(
    app: FastAPI, ada: GatewayClient, of_ada: Belongings
) -> None:
    assert off("statements of an operation", statements_of_reading(app, ada, of_ada)) == []
