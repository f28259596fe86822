"""Runs pieces of a program, and the whole program, against a provider that only answers."""

from collections.abc import Callable, Generator

import pulumi
import pytest

from local.recorder import Graph
from tests.components.declarations import Declarations, Declare
from tests.components.plugin import Plugin, running_plugin
from tests.components.recording import ROOT, STACKS, recorded


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


@pytest.fixture(scope="session")
def plugin_process() -> Generator[Plugin]:
    """The package's plugin, which takes a second to start."""
    with running_plugin(ROOT) as plugin:
        yield plugin


@pytest.fixture
def plugin(plugin_process: Plugin) -> Plugin:
    """The plugin, with nothing constructed yet."""
    plugin_process.forget()
    return plugin_process
