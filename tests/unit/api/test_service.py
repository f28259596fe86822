"""The routes about the service itself, its document, and what starting it costs."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.api_environment import ENVIRONMENT
from tests.gateway import GatewayClient

LOADED_VENDORS = """
import sys
from pathlib import Path
import runtime.handlers.api
print(*sorted({"anthropic", "voyageai", "PIL"} & sys.modules.keys()))
"""


@pytest.fixture(name="document")
def _document(client: GatewayClient) -> dict[str, Any]:
    return client.get("/openapi.json").json()


def test_version_is_that_of_the_deployed_commit(client: GatewayClient) -> None:
    assert client.get("/version").json() == {
        "git_sha": "0123456789abcdef",
        "git_tag": "v1.2.3",
        "commit_time": "2026-01-02T03:04:05Z",
        "environment": "test",
    }


def test_config_tells_a_client_where_to_sign_in(client: GatewayClient) -> None:
    assert client.get("/config.json").json() == {
        "region": "eu-central-1",
        "user_pool_id": "eu-central-1_pool",
        "client_id": "client",
        "domain": "collections-test.auth.eu-central-1.amazoncognito.com",
        "sign_in_url": "https://collections-test.auth.eu-central-1.amazoncognito.com",
        "cognito_endpoint": "https://cognito-idp.eu-central-1.amazonaws.com",
    }


def test_the_links_of_the_service_document_lead_somewhere(client: GatewayClient) -> None:
    links = client.get("/").json()["links"]

    assert {client.get(f"/{path}").status for name, path in links.items() if name != "health"} == {200}


def test_documentation_finds_its_document_under_any_path(client: GatewayClient) -> None:
    page = client.get("/docs")

    assert page.headers["content-type"].startswith("text/html")
    assert 'data-document="openapi.json"' in page.body


def test_head_answers_as_get_without_a_body(client: GatewayClient) -> None:
    head, get = client.request("HEAD", "/version"), client.get("/version")

    assert (head.status, head.body) == (200, "")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_search_config_says_what_the_code_uses(client: GatewayClient) -> None:
    config = client.as_user("user-a").get("/search/config").json()

    assert config["search_types"] == ["bm25", "vector", "hybrid"]
    assert config["default_search_type"] == "hybrid"
    assert config["max_top_k"] == 50
    assert config["vector_weight"] == 0.6
    assert config["query_embedding_model"] == "voyage-4-lite"


def test_every_operation_has_a_title_a_description_and_its_problems(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            problem = operation["responses"]["500"]["content"]["application/problem+json"]
            assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}, where
            assert ("401" in operation["responses"]) == ("security" in operation), where


def test_the_document_shows_no_error_format_but_problems(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in str(document)
    assert "request_id" in document["components"]["schemas"]["Problem"]["properties"]


def test_every_json_body_has_an_example(document: dict[str, Any]) -> None:
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        for operations in document["paths"].values()
        for operation in operations.values()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]

    assert sorted(bodies) == ["AnalyzeRequest", "SearchRequest", "UploadRequest"]
    assert all("example" in document["components"]["schemas"][body] for body in bodies)


def test_starting_the_function_imports_no_vendor() -> None:
    """They take up to a second to import, which every cold start would pay."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **ENVIRONMENT}

    output = subprocess.run(
        [sys.executable, "-c", LOADED_VENDORS], env=environment, capture_output=True, text=True, check=True
    )

    assert output.stdout.strip() == ""
