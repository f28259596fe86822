"""The routes about the service itself, its document, and what starting it costs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from local.openapi import FILE
from local.openapi import document as written
from runtime.api.problems import Problem
from runtime.api.schemas.model import RequestModel, ResponseModel
from tests.api_environment import ENVIRONMENT
from tests.gateway import GatewayClient

LOADED_VENDORS = """
import sys
from pathlib import Path
import runtime.handlers.api
print(*sorted({"anthropic", "voyageai", "PIL"} & sys.modules.keys()))
"""


def models() -> list[type[BaseModel]]:
    """What the API takes and gives."""
    found: list[type[BaseModel]] = [Problem]
    for base in (RequestModel, ResponseModel):
        found += base.__subclasses__()
    return [model for model in found if model.__module__.startswith("runtime.api")]


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

    assert config["search_types"] == ["hybrid", "bm25", "vector", "agentic"]
    assert config["default_search_type"] == "hybrid"
    assert config["max_top_k"] == 50
    assert config["vector_weight"] == 0.6
    assert config["query_embedding_model"] == "voyage-4-lite"
    assert config["answer_models"] == ["claude-sonnet-5-5", "claude-haiku-5-5", "claude-opus-5-5"]


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
    contents = [
        (f"{method} {path}", content)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for body in (operation.get("requestBody", {}), *operation["responses"].values())
        for media_type, content in body.get("content", {}).items()
        if media_type.endswith("json")
    ]

    assert len(contents) > 100
    schemas = document["components"]["schemas"]
    for where, content in contents:
        schema = schemas[content["schema"]["$ref"].rsplit("/", 1)[1]]
        assert schema.get("example"), f"{where}: give {schema['title']} an example"


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_example_is_one(model: type[BaseModel], document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"].get(model.__name__, {})

    if "example" in schema:
        read = model.model_validate_json(json.dumps(schema["example"]))
        assert read.model_dump(mode="json", exclude_unset=True) == schema["example"]


def test_the_document_in_the_repository_is_the_one_that_is_served(document: dict[str, Any]) -> None:
    kept = json.loads(FILE.read_text(encoding="utf-8"))

    assert FILE.read_text(encoding="utf-8") == written(), "run 'make openapi', and look at what clients will see"
    assert kept | {"info": document["info"]} == document


def test_starting_the_function_imports_no_vendor() -> None:
    """They take up to a second to import, which every cold start would pay."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), **ENVIRONMENT}

    output = subprocess.run(
        [sys.executable, "-c", LOADED_VENDORS], env=environment, capture_output=True, text=True, check=True
    )

    assert output.stdout.strip() == ""
