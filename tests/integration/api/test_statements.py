"""However much an operation has to tell, it asks the database equally often."""

from collections.abc import Generator
from contextlib import contextmanager

from fastapi import FastAPI
from sqlalchemy import Engine, event

from runtime.api.dependencies import Services
from tests.gateway import GatewayClient
from tests.integration.api.conftest import Pipeline
from tests.integration.api.operations import SECRET, Belongings, attempts, operations

MANY = 50


@contextmanager
def statements(engine: Engine) -> Generator[list[str]]:
    """The statements that `engine` executes meanwhile."""
    executed: list[str] = []

    def record(*arguments: object) -> None:
        executed.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", record)
    yield executed
    event.remove(engine, "before_cursor_execute", record)


def test_much_takes_no_more_statements_than_little(
    app: FastAPI, ada: GatewayClient, pipeline: Pipeline, services: Services, of_ada: Belongings
) -> None:
    reading = [each for each in operations(app) if each.method == "GET" or each.path == "/search"]

    def count() -> dict[str, int]:
        counts: dict[str, int] = {}
        for operation in reading:
            with statements(services.engine) as executed:
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
