"""Who may read what without a token."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from runtime.api.auth import PUBLIC_PATHS
from tests.gateway import CONTEXT, GatewayClient, gateway_event

CONTRACT_PUBLIC = {"/", "/health", "/version", "/config.json", "/openapi.json", "/docs"}
"""Contract, section 8, without `/static/{proxy+}`."""

CONTRACT_PUBLIC_FOLDER = "/static/"


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of everything that `app` answers."""
    return [
        (method, route.path)
        for route in iter_route_contexts(app.routes)
        for method in sorted(route.methods or ())
        if route.path is not None and method != "HEAD"
    ]


def test_the_public_paths_are_those_of_the_contract() -> None:
    assert PUBLIC_PATHS == CONTRACT_PUBLIC


def test_every_other_route_refuses_who_has_no_verified_token(app: FastAPI, client: GatewayClient) -> None:
    private = [
        (method, path)
        for method, path in routes_of(app)
        if path not in CONTRACT_PUBLIC and not path.startswith(CONTRACT_PUBLIC_FOLDER)
    ]

    answers = {(method, path): client.request(method, path).status for method, path in private}

    assert ("POST", "/search") in answers
    assert answers == dict.fromkeys(private, 401)


def test_every_public_path_answers_who_has_no_token(client: GatewayClient) -> None:
    answers = {path: client.get(path).status for path in CONTRACT_PUBLIC}

    # The database of these tests refuses connections, which is what /health then says.
    assert answers == dict.fromkeys(CONTRACT_PUBLIC, 200) | {"/health": 503}


def test_a_path_that_does_not_exist_is_told_only_to_who_signed_in(client: GatewayClient) -> None:
    assert client.get("/nowhere").status == 401
    assert client.as_user("user-a").get("/nowhere").status == 404


def test_who_has_no_token_is_refused_before_the_body_is_read(client: GatewayClient) -> None:
    assert client.request("POST", "/search", body=b"{", content_type="application/json").status == 401


@pytest.mark.parametrize("header", ["authorization", "x-user-id", "x-amzn-oidc-identity"])
def test_no_header_can_name_a_user(client: GatewayClient, header: str) -> None:
    forger = GatewayClient(client.handler, headers={header: "Bearer user-a"})

    assert forger.get("/items").status == 401


@pytest.mark.parametrize(
    "authorizer",
    [
        {},
        {"jwt": None},
        {"jwt": {"claims": {}}},
        {"jwt": {"claims": {"sub": ""}}},
        {"jwt": {"claims": {"sub": "../someone"}}},
        {"jwt": {"claims": {"sub": "a" * 129}}},
        {"lambda": {"sub": "user-a"}},
    ],
)
def test_claims_without_a_usable_subject_are_nobody(client: GatewayClient, authorizer: dict[str, Any]) -> None:
    event = gateway_event("GET", "/items", None, {}, b"", None, {})
    event["requestContext"]["authorizer"] = authorizer

    assert client.handler(event, CONTEXT)["statusCode"] == 401


@pytest.mark.parametrize("subject", ["a", "0f3e-4c_D", "a" * 128])
def test_a_usable_subject_is_somebody(client: GatewayClient, subject: str) -> None:
    assert client.as_user(subject).get("/search/config").status == 200


def test_the_document_says_which_routes_need_a_token(client: GatewayClient) -> None:
    document = client.get("/openapi.json").json()

    without_token = {
        path
        for path, operations in document["paths"].items()
        for operation in operations.values()
        if "security" not in operation
    }

    assert without_token == CONTRACT_PUBLIC - {"/openapi.json", "/docs"}
