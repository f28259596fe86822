"""The API as the user who signed in, for as long as a command runs."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from collections_cli.terminal import explained

if TYPE_CHECKING:
    import httpx

    from collections_cli.client import Client


def http() -> httpx.Client:
    """What all calls go through."""
    from collections_cli.client import http_client

    return http_client()


@contextmanager
def signed_in(profile: str | None) -> Generator[Client]:
    """The API as the user of that profile; what goes wrong is told, and ends the program."""
    from collections_cli.session import Session

    with explained(), http() as connection:
        yield Session.load(profile, connection).client()
