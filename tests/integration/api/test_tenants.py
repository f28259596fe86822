"""One user neither sees nor changes anything of another's, on any operation of the OpenAPI document.

The tests walk the document, so an operation that is added is tried too. Where it takes what the tables here do not
know, a test fails that says what to add.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from runtime.models import TENANT_TABLES
from tests.gateway import GatewayClient, Response
from tests.integration.api.conftest import ADA, Bus, Pipeline
from tests.integration.conftest import Database

SECRET, HEADLINE, TAG, ALBUM, TITLE = "pomegranate", "quince", "tamarillo", "kumquat", "persimmon"
"""Words that only Ada's things say. Bob knows the first, and asks for it."""


@dataclass(frozen=True)
class Operation:
    """A method on a path, as the OpenAPI document describes it."""

    method: str
    path: str
    description: Mapping[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> list[str]:
        return [each["name"] for each in self.description.get("parameters", ()) if each["in"] == place]

    @property
    def body(self) -> str | None:
        """Media type of what it takes."""
        return next(iter(self.description.get("requestBody", {}).get("content", {})), None)


@dataclass(frozen=True)
class Belongings:
    """Ada's: by the name of the path's or query's parameter that takes it, and all that must stay hers."""

    by_parameter: Mapping[str, str]
    secrets: tuple[str, ...]

    def __getitem__(self, parameter: str) -> str:
        return self.by_parameter[parameter]


QUERY_IDS = {"album": "album_id"}
"""Parameters of queries that take an id, and whose."""

Body = Mapping[str, object]

BODIES: Mapping[str, Callable[[Belongings], list[Body]]] = {
    "POST /uploads": lambda of_ada: [
        {"filename": "a.png", "content_type": "image/png", "size": 9, "sha256": of_ada["sha256"]}
    ],
    "POST /items/{item_id}/analyze": lambda _: [{}, {"force_reanalyze": True}],
    "PATCH /items/{item_id}": lambda _: [{"title": "mine", "tags": ["mine"]}],
    "POST /tags": lambda _: [{"name": TAG}],
    "PATCH /tags/{tag_id}": lambda _: [{"name": "mine"}],
    "POST /albums": lambda _: [{"name": "mine"}],
    "PATCH /albums/{album_id}": lambda _: [{"name": "mine"}],
    "POST /albums/{album_id}/items": lambda of_ada: [{"item_ids": [of_ada["item_id"]]}],
    "POST /search": lambda _: [
        {"query": SECRET, "search_type": search_type, "include_answer": True}
        for search_type in ("bm25", "vector", "hybrid", "agentic")
    ],
    "POST /chat": lambda of_ada: [
        {"message": SECRET},
        {"message": "the first one", "session_id": of_ada["session_id"]},
    ],
}
"""What is sent where JSON is taken, to get at Ada's things or to change them."""

SPARED = frozenset({"DELETE /me"})
"""Operations that end what the others need (as deleting an account), and have a test of their own."""


def operations(app: FastAPI) -> list[Operation]:
    """Every operation that needs a token; those that remove something last, what is inside something first."""
    found = [
        Operation(method.upper(), path, description)
        for path, methods in app.openapi()["paths"].items()
        for method, description in methods.items()
        if "security" in description
    ]
    return sorted(found, key=lambda each: (each.method == "DELETE", -each.path.count("/")))


@pytest.fixture
def of_ada(ada: GatewayClient, pipeline: Pipeline) -> Belongings:
    """One of everything."""
    kept = pipeline.keep(f"A {SECRET}, not a {HEADLINE}", filename=f"{HEADLINE}.png")
    ada.patch(f"/items/{kept.item.id}", {"title": TITLE, "tags": [TAG]})
    tag = ada.get("/tags").json()["tags"][0]["id"]
    album = ada.post("/albums", {"name": ALBUM}).json()["id"]
    ada.post(f"/albums/{album}/items", {"item_ids": [str(kept.item.id)]})
    by_parameter = {
        "item_id": str(kept.item.id),
        "analysis_id": str(kept.analysis.id),
        "tag_id": tag,
        "album_id": album,
        "request_id": ada.post("/me/export", {}).json()["request_id"],
        "filename": f"{kept.item.id}-thumb.webp",
        "session_id": ada.post("/chat", {"message": SECRET}).json()["session_id"],
        "sha256": kept.item.sha256 or "",
    }
    return Belongings(by_parameter, (ADA, HEADLINE, TITLE, TAG, ALBUM, *by_parameter.values()))


def attempts(client: GatewayClient, operation: Operation, of_ada: Belongings) -> list[tuple[str, Response]]:
    """What was sent, and what came back, with everything of Ada's that the operation has a place for."""
    path = operation.path.format(**{name: of_ada[name] for name in operation.parameters("path")})
    if operation.body == "multipart/form-data":
        return [(path, client.post_file(path, "a.png", b"own", "image/png"))]
    if operation.body is not None:
        bodies = BODIES[operation.name](of_ada)
        return [(path + str(body), client.send(operation.method, path, body)) for body in bodies]
    nothing: dict[str, str] = {}
    queries = [nothing] + [
        {name: of_ada[QUERY_IDS[name]]} for name in operation.parameters("query") if name in QUERY_IDS
    ]
    return [(path + str(query), client.request(operation.method, path, query=query)) for query in queries]


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
