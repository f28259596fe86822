"""What AWS's runtime client tells a handler about the invocation."""

from dataclasses import dataclass
from typing import cast

from aws_lambda_powertools.utilities.typing import LambdaContext


@dataclass
class _Context:
    function_name: str = "collections-test-function"
    function_version: str = "$LATEST"
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:000000000000:function:collections-test-function"
    memory_limit_in_mb: int = 1024
    aws_request_id: str = "1f0c3a52-0000-4000-8000-000000000000"
    remaining_ms: int = 60_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def lambda_context(remaining_ms: int = 60_000) -> LambdaContext:
    """A context with this much time left."""
    return cast("LambdaContext", _Context(remaining_ms=remaining_ms))
