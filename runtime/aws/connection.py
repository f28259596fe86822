"""Sends requests to AWS: signed, traced, and again where that may help."""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import count
from random import uniform
from time import sleep
from typing import Any, NamedTuple, TypeVar, cast

import urllib3
from aws_xray_sdk.ext.util import inject_trace_header  # pyright: ignore[reportUnknownVariableType]

from runtime.aws.places import credentials, region
from runtime.aws.signing import Request, signed_headers
from runtime.aws.xml import parsed, text
from runtime.connections import pool
from runtime.tracing import tracer

ATTEMPTS = 4
LONGEST_PAUSE_SECONDS = 20.0
"""Between them: random, up to 1, 2, 4 … seconds (AWS SDKs and Tools Reference Guide, "Retry behavior", standard
mode)."""
CONNECT_SECONDS, READ_SECONDS = 10.0, 60.0
PASSING = {500, 502, 503, 504}
"""HTTP statuses of failures that may be over soon; the codes beside them are from the same chapter."""
PASSING_CODES = {
    *("BandwidthLimitExceeded", "EC2ThrottledException", "LimitExceededException", "PriorRequestNotComplete"),
    *("ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled", "RequestTimeout"),
    *("RequestThrottledException", "RequestTimeoutException", "SlowDown", "ThrottledException", "Throttling"),
    *("ThrottlingException", "TooManyRequestsException", "TransactionInProgressException"),
}
UNREACHABLE = "Unreachable"
UNREADABLE = "Unreadable"
"""What went wrong where the service itself has no name for it."""

T = TypeVar("T")


class AwsError(Exception):
    """A service did not do what it was asked, also not when it was asked again where that might have helped."""

    def __init__(
        self, operation: str, code: str, message: str, status: int | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(f"{operation} failed with {code}: {message}{f' (request {request_id})' if request_id else ''}")
        self.code = code
        """The service's name for what went wrong, or one of those above."""
        self.status = status
        """HTTP status, if there was an answer."""


class Answer(NamedTuple):
    """Of a service that did what it was asked."""

    headers: Mapping[str, str]
    body: bytes


class BodyTooLargeError(Exception):
    """The answer has more bytes than are wanted; none were read."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


def send(request: Request, read: Callable[[Answer], T], most_bytes: int | None = None) -> T:
    """Have the service do it, and `read` its answer. An answer at which that raises ValueError is none, and the service
    is asked again. Raises `AwsError`, and `BodyTooLargeError` for an answer of more than `most_bytes`."""
    with _traced(request) as segment:
        for attempt in count(1):
            try:
                return _attempt(request, segment, read, most_bytes)
            except AwsError as error:
                if attempt == ATTEMPTS or not _may_pass(error):
                    raise
            sleep(uniform(0, min(2 ** (attempt - 1), LONGEST_PAUSE_SECONDS)))  # noqa: S311 - spreads load, guards nothing
    raise AssertionError("the last attempt returns or raises")


def _attempt(request: Request, segment: Any, read: Callable[[Answer], T], most_bytes: int | None) -> T:
    headers = signed_headers(request, region(), credentials(), datetime.now(UTC))
    if not tracer.disabled:
        # So that the trace goes on where an event or a message is received.
        inject_trace_header(headers, segment)
    try:
        # By its host's own pool: the manager would take dots out of a key, and another object would be asked for.
        answer = (
            pool(request.url)
            .connection_from_url(request.url)
            .urlopen(
                request.method,
                request.target,
                body=request.body or None,
                headers=headers,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        )
        try:
            segment.put_http_meta("status", answer.status)
            segment.set_aws({**_about(request), "request_id": _request_id(answer)})
            if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise _error(request, answer)
            _require_size(answer, most_bytes)
            return read(Answer(answer.headers, answer.read()))
        finally:
            answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise AwsError(request.operation, UNREACHABLE, str(error)) from error
    except ValueError as error:
        raise AwsError(request.operation, UNREADABLE, str(error)) from error


def _require_size(answer: urllib3.BaseHTTPResponse, most_bytes: int | None) -> None:
    size = int(answer.headers.get("Content-Length", "0"))
    if most_bytes is not None and size > most_bytes:
        # What was not read would be taken for the next answer.
        answer.close()
        raise BodyTooLargeError(size)


def _may_pass(error: AwsError) -> bool:
    return error.code in {UNREACHABLE, UNREADABLE} or error.status in PASSING or error.code in PASSING_CODES


def _error(request: Request, answer: urllib3.BaseHTTPResponse) -> AwsError:
    """What the service says of it; an answer that is not the service's has its status alone."""
    status, body = answer.status, answer.read()
    try:
        code, message = (_read_xml if request.service == "s3" else _read_json)(body)
    except ValueError:
        code, message = "", ""
    # SQS names its errors here as it did before it spoke JSON.
    code = answer.headers.get("x-amzn-query-error", "").partition(";")[0] or code
    said = (code or str(status), message or f"HTTP status {status}")
    return AwsError(request.operation, *said, status, _request_id(answer))


def _request_id(answer: urllib3.BaseHTTPResponse) -> str | None:
    """By which AWS's support finds the call."""
    return answer.headers.get("x-amzn-requestid") or answer.headers.get("x-amz-request-id")


def _read_json(body: bytes) -> tuple[str, str]:
    """Source: Smithy 2.0, "AWS JSON 1.1 protocol", "Operation error serialization"."""
    said = json.loads(body)
    if not isinstance(said, dict):
        raise ValueError("not an error of the service")  # noqa: TRY004 - of its content, as of any other
    told = cast("dict[str, Any]", said)
    code = str(told.get("__type", "")).rpartition("#")[2].partition(":")[0]
    return code, told.get("message") or told.get("Message") or ""


def _read_xml(body: bytes) -> tuple[str, str]:
    """Source: Amazon S3 API Reference, "REST Error Responses"."""
    said = parsed(body)
    return text(said, "Code"), text(said, "Message")


@contextmanager
def _traced(request: Request) -> Generator[Any]:
    """Tell of the call in the function's trace."""
    with tracer.provider.in_subsegment(request.service, namespace="aws") as segment:  # pyright: ignore[reportUnknownMemberType]
        segment = cast("Any", segment)
        segment.set_aws(_about(request))
        yield segment


def _about(request: Request) -> dict[str, Any]:
    """What X-Ray shows of a call of AWS."""
    return {"operation": request.operation, "region": region()}
