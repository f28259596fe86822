"""Clients of AWS services by botocore, made once per process when first needed.

It is imported then, too: what a function's start leads to is called by `runtime.aws`, in a quarter of the time. boto3,
which makes its clients by botocore, has resources and transfers besides, which take as long to import as a client takes
to be made.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from runtime.tracing import tracer

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

Service = Literal["cognito-idp", "dynamodb", "s3"]
"""What the functions call; `runtime.slim` keeps in the image what it names of them, and nothing of others."""


@cache
def s3() -> "S3Client":
    """For what is too large for one request, or for memory."""
    return _client("s3", s3={"addressing_style": "virtual"})


@cache
def dynamodb() -> "DynamoDBClient":
    # Somebody waits for it: DynamoDB answers in milliseconds or not at all.
    return _client("dynamodb", connect_timeout=2, read_timeout=3)


@cache
def cognito() -> "CognitoIdentityProviderClient":
    return _client("cognito-idp")


@cache
def _session() -> "Session":
    """Credentials, and descriptions of services that all clients share."""
    from botocore.session import Session

    tracer.patch(["botocore"])
    return Session()


def _client(service: Service, **options: Any) -> Any:
    from botocore.config import Config

    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, **options)
    return _session().create_client(service, config=config)
