"""What a refused or failed request is told."""

import pytest
from aws_lambda_powertools import Logger
from fastapi import FastAPI

from runtime.api.middleware import MAX_BODY_BYTES
from tests.gateway import GatewayClient, Response

USER = "user-a"


@pytest.fixture(name="user")
def _user(client: GatewayClient) -> GatewayClient:
    return client.as_user(USER)


def assert_problem(response: Response, status: int) -> str:
    """Check that `response` is a complete problem; its detail."""
    body = response.json()
    assert response.status == status
    assert response.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "instance", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["request_id"].startswith("request-")
    return body["detail"]


def test_an_unknown_path_is_a_problem_that_names_it(user: GatewayClient) -> None:
    response = user.get("/nowhere")

    assert "/nowhere" in assert_problem(response, 404)
    assert response.json()["instance"] == "/nowhere"


def test_a_wrong_method_is_told_which_are_right(user: GatewayClient) -> None:
    response = user.request("PUT", "/search")

    assert_problem(response, 405)
    assert response.headers["allow"] == "POST"


def test_nobody_is_told_to_sign_in(client: GatewayClient) -> None:
    response = client.get("/items")

    assert "Authorization: Bearer" in assert_problem(response, 401)
    assert response.headers["www-authenticate"] == "Bearer"


def test_broken_json_is_told_where_it_breaks(user: GatewayClient) -> None:
    response = user.request("POST", "/search", body=b'{"query": }', content_type="application/json")

    assert "at character 10" in assert_problem(response, 400)


def test_a_form_that_cannot_be_read_is_a_problem(user: GatewayClient) -> None:
    assert_problem(user.request("POST", "/items", body=b"--{x}", content_type="multipart/form-data"), 400)


def test_json_that_is_not_called_so_is_refused(user: GatewayClient) -> None:
    assert_problem(user.request("POST", "/search", body=b'{"query": "x"}', content_type="text/plain"), 422)


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({}, "query", "required"),
        ({"query": ""}, "query", "at least 1 character"),
        ({"query": "   "}, "query", "at least 1 character"),
        ({"query": "x" * 501}, "query", "at most 500 characters"),
        ({"query": "a\x00b"}, "query", "without NUL"),
        ({"query": "\ud800"}, "query", "unicode"),
        ({"query": "x", "top_k": 51}, "top_k", "less than or equal to 50 (given: 51)"),
        ({"query": "x", "top_k": True}, "top_k", "valid integer (given: true)"),
        ({"query": "x", "search_type": "best"}, "search_type", "'vector' or 'agentic' (given: \"best\")"),
        ({"query": "x", "category_filter": "Cats"}, "category_filter", "'Art', 'Beauty'"),
        ({"query": "x", "include_answer": "yes"}, "include_answer", 'valid boolean (given: "yes")'),
        ({"query": "x", "serch_type": "bm25"}, "serch_type", "unknown; allowed are query, search_type, top_k"),
    ],
)
def test_an_invalid_search_is_told_field_rule_and_value(
    user: GatewayClient, body: dict[str, object], field: str, said: str
) -> None:
    response = user.post("/search", body)

    assert said in assert_problem(response, 422)
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_a_long_value_is_not_sent_back_whole(user: GatewayClient) -> None:
    response = user.post("/search", {"query": "x" * 100_000})

    assert len(assert_problem(response, 422)) < 250


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"filename": "../a.jpg"}, "filename"),
        ({"filename": "a\x00.jpg"}, "filename"),
        ({"filename": "a" * 256}, "filename"),
        ({"content_type": "image/svg+xml"}, "content_type"),
        ({"size": 0}, "size"),
        ({"size": "12"}, "size"),
        ({"sha256": "ABC"}, "sha256"),
        ({"user_id": "someone-else"}, "user_id"),
    ],
)
def test_an_invalid_upload_is_told_which_field(user: GatewayClient, body: dict[str, object], field: str) -> None:
    valid = {"filename": "a.jpg", "content_type": "image/jpeg", "size": 12}

    response = user.post("/uploads", valid | body)

    assert_problem(response, 422)
    assert [error["field"] for error in response.json()["errors"]] == [field]


@pytest.mark.parametrize(("length", "status"), [(MAX_BODY_BYTES, 422), (MAX_BODY_BYTES + 1, 413)])
def test_a_body_that_no_route_needs_is_refused(user: GatewayClient, length: int, status: int) -> None:
    frame = len('{"query": ""}')

    assert_problem(user.post("/search", {"query": "x" * (length - frame)}), status)


@pytest.mark.parametrize("path", ["/items", "/items/6f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11", "/search/config", "/health"])
def test_a_misspelt_parameter_is_refused(user: GatewayClient, path: str) -> None:
    assert "unknown" in assert_problem(user.get(path, limitt=5), 422)


def test_a_misspelt_parameter_is_told_the_right_ones(user: GatewayClient) -> None:
    detail = assert_problem(user.get("/items", limitt=5), 422)

    assert "allowed are status, category, tag, album, " in detail


def test_a_database_that_does_not_answer_is_503_with_when_to_come_back(user: GatewayClient) -> None:
    response = user.get("/items")

    detail = assert_problem(response, 503)
    assert int(response.headers["retry-after"]) > 0
    assert "127.0.0.1" not in detail


def test_what_nobody_expected_is_500_without_details_and_logged_with_them(
    app: FastAPI, user: GatewayClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("the secret is 42")

    response = user.get("/broken")

    assert "42" not in assert_problem(response, 500)
    assert "RuntimeError: the secret is 42" in caplog.text
    keys = Logger().get_current_keys()
    assert (keys["correlation_id"], keys["user_id"]) == (response.json()["request_id"], USER)


def test_health_says_which_part_is_missing(client: GatewayClient) -> None:
    response = client.get("/health")

    assert response.status == 503
    assert response.json() == {"status": "degraded", "database": "unavailable", "version": "v1.2.3"}
