"""What is known of a tenant's documents decides how they are searched. Who knows it from the search before asks the
database once for both, and is never wrong for it."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from runtime import postgres
from runtime.migrations.upgrade import FUNCTIONS_ROLE
from runtime.postgres import Connection
from runtime.search.filters import NO_FILTERS, Filters
from runtime.search.query import Found, SearchType, search
from runtime.search.way import REMEMBERED, Collection, Collections
from tests.integration.conftest import Database
from tests.integration.database.pipeline_steps import image_analysis
from tests.integration.database.searching import ADA, BOB, direction, keep

PAUSE_SECONDS = 0.05
"""What a client sends within it without waiting for an answer goes together."""


class Route:
    """The way to the database: counts how often something went there, and its answer back."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.trips = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._carry, args=[client], daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._there) as server, selectors.DefaultSelector() as either:
            for end in (client, server):
                either.register(end, selectors.EVENT_READ)
            while True:
                for key, _ in either.select():
                    if key.fileobj is client:
                        time.sleep(PAUSE_SECONDS)
                        self.trips += 1
                    sender, receiver = (client, server) if key.fileobj is client else (server, client)
                    content = sender.recv(1_000_000)
                    if not content:
                        return
                    receiver.sendall(content)


@pytest.fixture(name="way")
def _way(database: Database) -> Iterator[Route]:
    way = Route(database.server.host, database.server.port)
    yield way
    way.close()


@pytest.fixture(name="connection")
def _connection(database: Database, way: Route) -> Iterator[Connection]:
    """In a transaction of Ada's, who has two images."""
    for headline in ("A bakery's receipt", "A beach"):
        keep(database, image_analysis(headline))
    here = f"{database.server.host}:{database.server.port}"
    url = database.url(FUNCTIONS_ROLE).replace(here, f"127.0.0.1:{way.port}")
    functions = postgres.Database(url)
    with functions.tenant(ADA) as connection:
        yield connection
    functions.close()


def looked(connection: Connection, expected: Collection | None, search_type: SearchType = SearchType.HYBRID) -> Found:
    return search(
        connection,
        query="bakery",
        vector=direction(90),
        search_type=search_type,
        top_k=10,
        vector_weight=0.6,
        expected=expected,
    )


@pytest.mark.parametrize("search_type", list(SearchType))
def test_what_is_as_expected_takes_one_round_trip(connection: Connection, way: Route, search_type: SearchType) -> None:
    first = looked(connection, None, search_type)
    before = way.trips

    again = looked(connection, first.collection, search_type)

    assert way.trips - before == 1
    assert again == first
    assert first.hits


def test_who_expects_nothing_is_told_first(connection: Connection, way: Route) -> None:
    before = way.trips

    looked(connection, None)

    assert way.trips - before == 2


def test_what_is_otherwise_by_now_is_found_all_the_same(connection: Connection, way: Route, database: Database) -> None:
    right = looked(connection, None)
    before = way.trips

    found = looked(connection, right.collection._replace(documents=1, average_length=99.0))

    assert way.trips - before == 2
    assert found == right


def test_each_tenants_documents_are_remembered_apart() -> None:
    collections = Collections()
    collection = Collection(documents=3, average_length=2.0, indexed=False, eligible=None)

    collections.learn(ADA, NO_FILTERS, collection)

    assert collections.expected(ADA, NO_FILTERS) == collection
    assert collections.expected(BOB, NO_FILTERS) is None


def test_who_passes_filters_is_never_expected() -> None:
    collections, receipts = Collections(), Filters(tags=["receipts"])
    collection = Collection(documents=3, average_length=2.0, indexed=False, eligible=1)

    collections.learn(ADA, receipts, collection)

    assert collections.expected(ADA, receipts) is None
    assert collections.expected(ADA, NO_FILTERS) is None


def test_no_more_is_remembered_than_has_room() -> None:
    collections = Collections()
    collection = Collection(documents=3, average_length=2.0, indexed=False, eligible=None)
    for number in range(REMEMBERED + 1):
        collections.learn(f"user-{number}", NO_FILTERS, collection)

    assert collections.expected("user-0", NO_FILTERS) is None
    assert collections.expected(f"user-{REMEMBERED}", NO_FILTERS) == collection
