"""The local stack with IAM enforced, once for all tests here."""

from __future__ import annotations

from collections.abc import Generator

import httpx
import pytest

from collections_cli.client import http_client
from local.ports import Ports
from local.stack import LocalStack
from tests.integration.permissions.deployment import Deployment
from tests.integration.stack.conftest import User, signed_in


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[LocalStack]:
    folder = tmp_path_factory.mktemp("enforced")
    with LocalStack(
        folder=folder, ports=Ports.free(), keys={}, durable=False, enforce_iam=True, instant_models=True
    ) as stack:
        yield stack


@pytest.fixture
def http() -> Generator[httpx.Client]:
    with http_client() as http:
        yield http


@pytest.fixture
def ada(stack: LocalStack, http: httpx.Client) -> User:
    return signed_in(stack, http, "ada")


@pytest.fixture(scope="module")
def deployment(stack: LocalStack) -> Generator[Deployment]:
    """The functions by themselves: nothing polls their queues meanwhile."""
    deployment = Deployment(stack)
    deployment.poll(enabled=False)
    yield deployment
    deployment.poll(enabled=True)
