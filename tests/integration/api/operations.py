"""What of Ada's every operation of the OpenAPI document can be asked for, and how.

Tests walk the document, so an operation that is added is tried too. Where it takes what the tables here do not know, a
test fails that says what to add.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from tests.gateway import GatewayClient, Response

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
