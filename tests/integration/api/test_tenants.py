"""One user sees nothing of another's, on any route that the app has."""

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from runtime.api.auth import PUBLIC_PATHS
from tests.gateway import GatewayClient, Response
from tests.integration.api.conftest import ADA, Bus, Kept, Pipeline

SECRET = "pomegranate"
"""Only Ada's image says it."""


def private_routes(app: FastAPI) -> set[tuple[str, str]]:
    return {
        (method, route.path)
        for route in iter_route_contexts(app.routes)
        for method in route.methods or ()
        if route.path is not None and route.path not in PUBLIC_PATHS and method != "HEAD"
    }


def ask_everything(client: GatewayClient, kept: Kept) -> dict[tuple[str, str], list[Response]]:
    """What `client` is answered who tries to get at `kept` on every route."""
    item, analysis = f"/items/{kept.item.id}", f"/analyses/{kept.analysis.id}"
    announced = {"filename": "a.png", "content_type": "image/png", "size": 9, "sha256": kept.item.sha256}
    searches = [{"query": SECRET, "search_type": search_type} for search_type in ("bm25", "vector", "hybrid")]
    return {
        ("GET", "/items"): [client.get("/items"), client.get("/items", category="Food", status="searchable")],
        ("GET", "/items/{item_id}"): [client.get(item)],
        ("DELETE", "/items/{item_id}"): [client.delete(item)],
        ("GET", "/items/{item_id}/analyses"): [client.get(f"{item}/analyses")],
        ("GET", "/analyses/{analysis_id}"): [client.get(analysis)],
        ("GET", "/items/{item_id}/duplicates"): [client.get(f"{item}/duplicates")],
        ("POST", "/items/{item_id}/retry"): [client.request("POST", f"{item}/retry")],
        ("POST", "/items/{item_id}/analyze"): [
            client.post(f"{item}/analyze", {}),
            client.post(f"{item}/analyze", {"force_reanalyze": True}),
        ],
        ("POST", "/reindex"): [client.request("POST", "/reindex")],
        ("POST", "/search"): [client.post("/search", search) for search in searches],
        ("GET", "/search/config"): [client.get("/search/config")],
        ("POST", "/uploads"): [client.post("/uploads", announced)],
        ("POST", "/items"): [client.post_file("/items", "a.png", b"own", "image/png")],
    }


def test_another_user_sees_nothing_on_any_route(
    app: FastAPI, ada: GatewayClient, bob: GatewayClient, pipeline: Pipeline, bus: Bus
) -> None:
    kept = pipeline.keep(f"A {SECRET}")

    answers = ask_everything(bob, kept)

    assert answers.keys() == private_routes(app), "a route was added: ask for Ada's things there too"
    for route, responses in answers.items():
        for response in responses:
            # Refusals may repeat the id and the query that were sent; nothing else of Ada's may appear.
            assert ADA not in response.body, route
            assert kept.item.original_filename not in response.body, route
            assert "headline" not in response.body, route
    asked_by_id = [responses for (_, path), responses in answers.items() if "{" in path]
    assert {response.status for responses in asked_by_id for response in responses} == {404}
    assert bus.heard() == [], "nobody works on Ada's things for Bob"
    assert ada.get(f"/items/{kept.item.id}").json()["latest_analysis"]["headline"] == f"A {SECRET}"


def test_nobody_sees_anything_either(ada: GatewayClient, pipeline: Pipeline) -> None:
    kept = pipeline.keep(f"A {SECRET}")

    answers = ask_everything(ada.as_user(None), kept)

    assert {response.status for responses in answers.values() for response in responses} == {401}
