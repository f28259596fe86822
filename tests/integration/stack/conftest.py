"""The whole local stack, once for all tests here: the deployed program, driven over HTTP as a user's client would."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from collections_cli.client import Client, http_client
from collections_cli.resources import Item
from local.ports import Ports
from local.stack import CHECKOUT, LocalStack

SAMPLES = CHECKOUT / "samples"
FINAL = {"searchable", "duplicate", "failed"}
TIMEOUT_SECONDS = 90


@dataclass(frozen=True)
class User:
    """Somebody who is signed in."""

    stack: LocalStack
    http: httpx.Client
    token: str

    @cached_property
    def client(self) -> Client:
        return Client(self.stack.api_url, lambda: self.token, self.http)

    def request(self, method: str, path: str, **rest: Any) -> httpx.Response:
        """A request that the client has no call for."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.http.request(method, f"{self.stack.api_url}{path}", headers=headers, **rest)

    def upload(self, path: Path) -> Item:
        """Upload a file and wait until the pipeline is through with it."""
        return self.wait(self.client.upload(path).item_id)

    def wait(self, item_id: str) -> Item:
        """The item, once it has come to its end."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while (item := self.client.item(item_id))["status"] not in FINAL:
            assert time.monotonic() < deadline, f"{item['original_filename']} is still {item['status']}"
            self.stack.require_alive()
            time.sleep(0.1)
        return item

    def wait_for(self, what: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> None:
        """Until it is so."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline
            self.stack.require_alive()
            time.sleep(0.1)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Generator[LocalStack]:
    folder = tmp_path_factory.mktemp("stack")
    with LocalStack(folder=folder, ports=Ports.free(), keys={}, durable=False) as stack:
        yield stack


@pytest.fixture
def http() -> Generator[httpx.Client]:
    with http_client() as http:
        yield http


@pytest.fixture
def ada(stack: LocalStack, http: httpx.Client) -> User:
    return signed_in(stack, http, "ada")


@pytest.fixture
def bob(stack: LocalStack, http: httpx.Client) -> User:
    return signed_in(stack, http, "bob")


def signed_in(stack: LocalStack, http: httpx.Client, name: str) -> User:
    """A new user, who has nothing yet."""
    credentials = stack.create_user(f"{name}-{time.monotonic_ns()}@example.org")
    return User(stack, http, stack.token(credentials.email, credentials.password))
