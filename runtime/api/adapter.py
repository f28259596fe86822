"""Makes a Lambda handler of the app: API Gateway's events in, its responses out."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.logging import correlation_paths
from fastapi import FastAPI
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from mangum.types import LambdaContext

from runtime.api.problems import MEDIA_TYPE
from runtime.observability import observed

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def gateway_handler(app: FastAPI) -> Handler:
    """A handler for an HTTP API's events, payload 2.0. What it logs carries the gateway's request id."""
    adapter = Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE])

    @observed(correlation_id_path=correlation_paths.API_GATEWAY_HTTP)
    def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        return adapter(event, context)

    return handler
