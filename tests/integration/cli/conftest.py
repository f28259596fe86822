"""A real user pool, by the emulator, and somebody in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import pytest

from collections_cli.resources import ClientConfig
from tests.integration.aws import CREDENTIALS, REGION, running_emulator

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

EMAIL = "ada@example.org"
PASSWORD = "Correct-horse-1"
PERMANENT = "Battery-staple-2"


@dataclass(frozen=True)
class Pool:
    """A pool with Ada in it, and who administers it."""

    config: ClientConfig
    admin: "CognitoIdentityProviderClient"

    def add_ada(self, *, permanent: bool) -> None:
        pool = self.config["user_pool_id"]
        attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}]
        self.admin.admin_create_user(
            UserPoolId=pool,
            Username=EMAIL,
            TemporaryPassword=PASSWORD,
            MessageAction="SUPPRESS",
            UserAttributes=attributes,  # pyright: ignore[reportArgumentType]
        )
        if permanent:
            self.admin.admin_set_user_password(UserPoolId=pool, Username=EMAIL, Password=PASSWORD, Permanent=True)


@pytest.fixture(scope="package")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as url:
        yield url


@pytest.fixture
def pool(endpoint: str) -> Pool:
    admin = boto3.client(
        "cognito-idp",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    pool_id = admin.create_user_pool(PoolName="people", UsernameAttributes=["email"])["UserPool"].get("Id", "")
    client = admin.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="everyone",
        ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"].get("ClientId", "")
    config: ClientConfig = {
        "region": REGION,
        "user_pool_id": pool_id,
        "client_id": client,
        "domain": "",
        "cognito_endpoint": endpoint,
    }
    return Pool(config, admin)
