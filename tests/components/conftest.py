"""Runs pieces of a program, and the whole program, against a provider that only answers."""

from collections.abc import Callable

import pulumi
import pytest

from local.recorder import Graph
from tests.components.declarations import Declarations, Declare
from tests.components.recording import STACKS, recorded


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Runs a piece of a program to its end, as stack dev of project collections."""
    monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")

    def run(body: Callable[[], object]) -> Declarations:
        provider = Declarations()
        pulumi.runtime.set_mocks(provider, project="collections", stack="dev")

        def program() -> None:
            body()

        pulumi.runtime.test(program)()  # pyright: ignore[reportUnknownMemberType] - untyped in the SDK
        return provider

    return run


@pytest.fixture(params=STACKS)
def graph(request: pytest.FixtureRequest) -> Graph:
    """Each stack as its file has it."""
    return recorded(request.param)
