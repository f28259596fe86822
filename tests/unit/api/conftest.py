"""The real handler, set up for a stack none of whose services is ever reached."""

import pytest
from fastapi import FastAPI

from runtime.api.adapter import gateway_handler
from runtime.api.app import create_app
from runtime.api.dependencies import Services
from runtime.api.settings import ApiSettings
from runtime.settings import load
from tests.api_environment import ENVIRONMENT
from tests.gateway import GatewayClient


@pytest.fixture(autouse=True)
def _aws_at_its_public_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever tests of this process have been told about an emulator."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)


@pytest.fixture(name="services")
def _services() -> Services:
    return Services.start(load(ApiSettings, ENVIRONMENT))


@pytest.fixture(name="app")
def _app(services: Services) -> FastAPI:
    return create_app(services)


@pytest.fixture(name="client")
def _client(app: FastAPI) -> GatewayClient:
    """Calls the API as nobody; its database refuses connections."""
    return GatewayClient(gateway_handler(app))
