"""Clients of AWS services, made once per process when first needed."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

_RETRIES = {"mode": "standard", "total_max_attempts": 4}


@cache
def s3() -> "S3Client":
    """S3 with signatures that bind to the bucket's own regional address.

    Left to itself, boto3 signs for the global address, which answers with a redirect until a new bucket's name has
    spread, and a browser's form does not follow that.
    """
    addressing = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})
    return boto3.client("s3", config=addressing.merge(Config(retries=_RETRIES)))  # pyright: ignore[reportArgumentType]


@cache
def event_bridge() -> "EventBridgeClient":
    return boto3.client("events", config=Config(retries=_RETRIES))  # pyright: ignore[reportArgumentType]


@cache
def sqs() -> "SQSClient":
    return boto3.client("sqs", config=Config(retries=_RETRIES))  # pyright: ignore[reportArgumentType]


@cache
def dynamodb() -> "DynamoDBClient":
    # Somebody waits for it: DynamoDB answers in milliseconds or not at all.
    patience = Config(retries=_RETRIES, connect_timeout=2, read_timeout=3)  # pyright: ignore[reportArgumentType]
    return boto3.client("dynamodb", config=patience)


@cache
def cognito() -> "CognitoIdentityProviderClient":
    return boto3.client("cognito-idp", config=Config(retries=_RETRIES))  # pyright: ignore[reportArgumentType]
