"""The API's function: the whole HTTP API behind one route of the gateway."""

import runtime.deferred  # noqa: F401  # pyright: ignore[reportUnusedImport] - before any model is made

# isort: split

from runtime.api.adapter import gateway_handler
from runtime.api.app import create_app
from runtime.api.dependencies import Services
from runtime.api.settings import ApiSettings
from runtime.settings import load

handler = gateway_handler(create_app(Services.start(load(ApiSettings))))
"""Answers one request."""
