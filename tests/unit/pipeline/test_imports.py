"""What functions import, each in a process of its own: what takes time at a start has to be needed there."""

import pytest

from benchmarks.baseline import off
from benchmarks.imports import HANDLERS, REASONS, family, packages, validators

LARGE = 20
"""Modules of a package."""

NEEDED = {
    "analyzer": {"anthropic"},
    "batcher": {"anthropic"},
    "api": {"fastapi", "starlette", "mangum"},
    "embedder": set[str](),
    "image_processor": {"PIL", "pillow_heif"},
    "migrate": {"alembic", "sqlalchemy"},
    "sweeper": set[str](),
    "worker": {"boto3", "s3transfer"},
}
"""Of what takes long to import, what each function works with from its start."""
SLOW = {"sqlmodel", "pgvector"}.union(*NEEDED.values())


@pytest.fixture(scope="module", params=HANDLERS, name="handler")
def _handler(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_function_imports_of_what_is_slow_what_it_needs(handler: str) -> None:
    assert packages(handler).keys() & SLOW == NEEDED[handler]


def test_no_function_but_the_worker_begins_with_the_sdk_of_aws(handler: str) -> None:
    """Powertools imports its outermost module."""
    assert (packages(handler)["botocore"] > LARGE) == (handler == "worker")


@pytest.mark.parametrize("handler", ["image_processor", "sweeper"])
def test_functions_that_only_need_events_and_rows_do_without_pydantic(handler: str) -> None:
    assert "pydantic" not in packages(handler)


def test_a_function_makes_no_validator_before_it_is_needed(handler: str) -> None:
    assert validators(handler) == []


@pytest.mark.baseline
def test_functions_import_as_many_modules_as_are_written_down() -> None:
    assert off("modules of a function", {handler: packages(handler).total() for handler in HANDLERS}) == []


def test_the_page_says_why_what_is_large_is_imported(handler: str) -> None:
    large = {family(name) for name, modules in packages(handler).items() if modules > LARGE}

    assert large <= REASONS.keys()
