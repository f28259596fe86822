"""Services that are called with JSON, and answer with it."""

import json
from typing import Any, Literal, NamedTuple

from runtime.aws.connection import Answer, send
from runtime.aws.places import address
from runtime.aws.signing import Request


class _Api(NamedTuple):
    target: str
    """What the service's operations are called in."""
    version: str
    """Of the JSON protocol."""
    more: tuple[tuple[str, str], ...] = ()
    """Headers of its own."""


_APIS = {
    "events": _Api("AWSEvents", "1.1"),
    "sqs": _Api("AmazonSQS", "1.0", (("x-amzn-query-mode", "true"),)),
    "ssm": _Api("AmazonSSM", "1.1"),
}


def call(service: Literal["events", "sqs", "ssm"], operation: str, **members: Any) -> dict[str, Any]:
    """The answer's members, of an operation with these members: all by their names in the service's API reference.

    Raises `runtime.aws.connection.AwsError`.
    """
    api = _APIS[service]
    headers = {
        "X-Amz-Target": f"{api.target}.{operation}",
        "Content-Type": f"application/x-amz-json-{api.version}",
        **dict(api.more),
    }
    body = json.dumps(members).encode()
    return send(Request(service, operation, "POST", address(service), headers, body), _read)


def _read(answer: Answer) -> dict[str, Any]:
    return json.loads(answer.body or b"{}")
