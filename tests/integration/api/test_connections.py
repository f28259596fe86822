"""Connections are made once, and serve all requests."""

import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI

from tests.gateway import GatewayClient
from tests.integration.api.claude import Claude
from tests.integration.api.operations import Belongings, attempts, operations
from tests.integration.api.voyage import Voyage


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What sockets were connected to."""
    made: list[object] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> None:
        made.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    return made


def test_a_vendor_is_connected_to_once(
    voyage: Voyage, claude: Claude, connected: list[object], app: FastAPI, ada: GatewayClient, of_ada: Belongings
) -> None:
    for _ in range(2):
        for operation in operations(app):
            if operation.method != "DELETE":
                attempts(ada, operation, of_ada)

    times = {vendor.url: connected.count(_address(vendor.url)) for vendor in (voyage, claude)}
    # Voyage may have been by another test of this process, which keeps its connections.
    assert times in ({voyage.url: 0, claude.url: 1}, {voyage.url: 1, claude.url: 1})


def _address(url: str) -> tuple[str | None, int | None]:
    address = urlsplit(url)
    return address.hostname, address.port
