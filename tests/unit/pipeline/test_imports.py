"""What functions import, each in a process of its own: what takes time at a start has to be needed there."""

import pytest

from benchmarks.imports import HANDLERS, REASONS, baseline, family, packages

TOLERANCE = 0.05
"""Of the checked-in number of modules: a release of a package may move some. What is added on purpose, or grows with a
package, is written down by `python -m benchmarks.imports`."""

LARGE = 20
"""Modules of a package."""

ORM = {"sqlmodel", "sqlalchemy"}
NEEDED = {
    "analyzer": {"anthropic"},
    "batcher": {"anthropic"},
    "api": {"fastapi", "starlette", "mangum", "pgvector", *ORM},
    "embedder": set[str](),
    "image_processor": {"PIL", "pillow_heif"},
    "migrate": {"alembic", *ORM},
    "sweeper": set[str](),
    "worker": {"boto3", "s3transfer", "pgvector", *ORM},
}
"""Of what takes long to import, what each function works with from its start."""
SLOW = set[str]().union(*NEEDED.values())


@pytest.fixture(scope="module", params=HANDLERS, name="handler")
def _handler(request: pytest.FixtureRequest) -> str:
    return request.param


def test_a_function_imports_of_what_is_slow_what_it_needs(handler: str) -> None:
    assert packages(handler).keys() & SLOW == NEEDED[handler]


def test_a_function_imports_as_many_modules_as_are_written_down(handler: str) -> None:
    counted, expected = packages(handler), baseline()["modules"][handler]

    assert counted.total() == pytest.approx(expected, rel=TOLERANCE), counted.most_common()


def test_the_page_says_why_what_is_large_is_imported(handler: str) -> None:
    large = {family(name) for name, modules in packages(handler).items() if modules > LARGE}

    assert large <= REASONS.keys()
