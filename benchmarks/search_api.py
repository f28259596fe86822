"""What the API adds to a search: routing, validation, the results' other facts, signed addresses, JSON, and Mangum."""

import asyncio
import json
import os
import tempfile
from dataclasses import dataclass
from http import HTTPStatus

from httpx import ASGITransport, AsyncClient

from benchmarks.handler import logging_to
from benchmarks.search_world import SearchWorld
from benchmarks.timing import take_turns
from runtime.search.query import SearchType, search
from runtime.settings import load
from tests.api_environment import ENVIRONMENT
from tests.gateway import GatewayClient

_PROCESS = ("AWS_", "STACK", "POWERTOOLS_")
"""Of the function's environment, what its libraries read themselves."""
_NAMESPACE = {"POWERTOOLS_METRICS_NAMESPACE": "Collections"}


@dataclass(frozen=True)
class ApiTimes:
    """Milliseconds, one of each round."""

    handler: list[float]
    """`POST /search` by words through the function's handler."""
    search: list[float]
    """The same search, called directly."""
    version: list[float]
    """`GET /version` through the handler: what every request costs at least."""
    app: list[float]
    """The same through the application alone, without Mangum, tracing and metrics."""


def measure(world: SearchWorld, user_id: str, words: str, rounds: int) -> ApiTimes:
    """In turns, after a round that does not count; one request at a time, as one function's process has them."""
    os.environ.update({name: value for name, value in ENVIRONMENT.items() if name.startswith(_PROCESS)} | _NAMESPACE)
    # Modules that log read the environment, as Lambda's do.
    from runtime.api.adapter import gateway_handler
    from runtime.api.app import create_app
    from runtime.api.dependencies import Services
    from runtime.api.settings import ApiSettings

    services = Services.start(load(ApiSettings, ENVIRONMENT | {"DATABASE_URL": world.functions_url}))
    app = create_app(services)
    gateway = GatewayClient(gateway_handler(app), user_id)
    body = {"query": words, "search_type": "bm25", "min_similarity_score": 0}

    def through_handler() -> None:
        with logging_to(log):
            answer = gateway.post("/search", body)
        if answer.status != HTTPStatus.OK or not json.loads(answer.body)["results"]:
            raise RuntimeError(f"the API: {answer}")

    def directly() -> None:
        with services.database.tenant(user_id) as connection:
            search(
                connection,
                query=words,
                vector=None,
                search_type=SearchType.BM25,
                top_k=10,
                vector_weight=0.6,
                min_confidence=0,
            )

    def version_through_handler() -> None:
        with logging_to(log):
            gateway.get("/version")

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    client = AsyncClient(transport=ASGITransport(app), base_url="http://bench")

    def version_of_app() -> None:
        with logging_to(log):
            loop.run_until_complete(client.get("/version"))

    with tempfile.TemporaryFile("w+") as log:
        times = take_turns(
            {
                "handler": through_handler,
                "search": directly,
                "version": version_through_handler,
                "app": version_of_app,
            },
            rounds,
        )
    loop.run_until_complete(client.aclose())
    loop.close()
    services.database.close()
    return ApiTimes(*(times[name].wall for name in ("handler", "search", "version", "app")))
