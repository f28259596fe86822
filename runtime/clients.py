"""Clients of AWS services, made once per process when first needed; SSM's, which is needed once, with each call.

By botocore, of which boto3 makes its own clients too: boto3's resources and transfers, which the functions do not use,
take as long to import as a client takes to be made.
"""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

Service = Literal["cognito-idp", "dynamodb", "events", "s3", "sqs", "ssm"]
"""What the functions call; `runtime.slim` keeps in the image what it names of them, and nothing of others."""

PRESIGNING = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
"""Of S3's client: how links and forms are addressed and signed."""


@cache
def s3() -> "S3Client":
    """S3 with signatures that bind to the bucket's own regional address.

    Left to itself, botocore signs for the global address, which answers with a redirect until a new bucket's name has
    spread, and a browser's form does not follow that.
    """
    return _client("s3", PRESIGNING)


@cache
def event_bridge() -> "EventBridgeClient":
    return _client("events")


@cache
def sqs() -> "SQSClient":
    return _client("sqs")


def ssm() -> "SSMClient":
    return _client("ssm")


@cache
def dynamodb() -> "DynamoDBClient":
    # Somebody waits for it: DynamoDB answers in milliseconds or not at all.
    return _client("dynamodb", Config(connect_timeout=2, read_timeout=3))


@cache
def cognito() -> "CognitoIdentityProviderClient":
    return _client("cognito-idp")


def credentials() -> ReadOnlyCredentials:
    """Those that the clients sign with at this moment. Raises `NoCredentialsError`."""
    found = _session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return found.get_frozen_credentials()


@cache
def _session() -> Session:
    """Credentials, and descriptions of services that all clients share."""
    return Session()


def _client(service: Service, config: Config | None = None) -> Any:
    retries = Config(retries={"mode": "standard", "total_max_attempts": 4})
    return _session().create_client(service, config=retries.merge(config) if config else retries)
