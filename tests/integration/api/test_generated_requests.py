"""Requests made from the OpenAPI document, valid ones and broken ones: none breaks the API, and whatever it answers is
in the document."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis import checks as general_checks
from schemathesis.specs.openapi import checks as document_checks

from runtime.api.adapter import gateway_handler
from runtime.api.app import routes
from tests.integration.api.conftest import ADA
from tests.integration.api.http_gateway import serve
from tests.integration.api.operations import Belongings

REQUESTS = 15
"""To each operation, of either kind."""

# The library's own types are of too many parameters to be named.
EVERYWHERE: Any = general_checks
OF_DOCUMENTS: Any = document_checks
CHECKS: list[Any] = [
    EVERYWHERE.not_a_server_error,
    OF_DOCUMENTS.status_code_conformance,
    OF_DOCUMENTS.content_type_conformance,
    OF_DOCUMENTS.response_headers_conformance,
    OF_DOCUMENTS.response_schema_conformance,
    OF_DOCUMENTS.negative_data_rejection,
]


def document() -> dict[str, Any]:
    """Of the API behind the gateway, which has seen to the tokens."""
    whole = copy.deepcopy(routes("0").openapi())
    for operations in whole["paths"].values():
        for operation in operations.values():
            operation.pop("security", None)
    return whole


SCHEMA: Any = schemathesis.openapi.from_dict(document())
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.fixture
def address(app: FastAPI) -> Iterator[str]:
    with serve(gateway_handler(app), ADA) as address:
        yield address


def kinds(operation: Any) -> list[GenerationMode]:
    """Nothing can be broken where nothing is taken."""
    taken = any(operation.iter_parameters()) or operation.body
    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE] if taken else [GenerationMode.POSITIVE]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_no_request_breaks_it_and_every_answer_is_documented(operation: Any, address: str, of_ada: Belongings) -> None:
    hers = {
        name: of_ada.by_parameter[name]
        for name in {each.name for each in operation.path_parameters} & of_ada.by_parameter.keys()
    }

    @settings(
        max_examples=REQUESTS * len(kinds(operation)),
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(
        case=st.one_of([operation.as_strategy(generation_mode=kind) for kind in kinds(operation)]), real=st.booleans()
    )
    def ask(case: Any, *, real: bool) -> None:
        if real and case.path_parameters is not None and case.meta and case.meta.generation.mode.is_positive:
            # Made-up ids would never come past "not found".
            case.path_parameters |= hers
        response = case.call(base_url=address, allow_redirects=False)
        assert "Traceback" not in response.text
        case.validate_response(response, checks=CHECKS)

    ask()
