"""Signing in to a real user pool, by a client that accepts no plain passwords."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import httpx
import pytest

from collections_cli.client import http_client
from collections_cli.cognito import Question, SignInError, UserPool
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


@pytest.fixture(scope="module")
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


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with http_client() as client:
        yield client


def nothing_else(question: Question) -> str:
    raise AssertionError(f"asked for {question}")


def test_the_right_password_gives_tokens_that_can_be_renewed(pool: Pool, http: httpx.Client) -> None:
    pool.add_ada(permanent=True)
    users = UserPool(pool.config, http)

    tokens = users.sign_in(EMAIL, PASSWORD, nothing_else)
    renewed = users.refresh(tokens.refresh_token)

    assert pool.admin.get_user(AccessToken=tokens.access_token)["Username"]
    assert pool.admin.get_user(AccessToken=renewed.access_token)["Username"]
    assert renewed.refresh_token == tokens.refresh_token


def test_another_password_gives_none(pool: Pool, http: httpx.Client) -> None:
    pool.add_ada(permanent=True)

    with pytest.raises(SignInError, match="Incorrect username or password"):
        UserPool(pool.config, http).sign_in(EMAIL, PERMANENT, nothing_else)


def test_the_first_sign_in_asks_for_a_password_of_ones_own(pool: Pool, http: httpx.Client) -> None:
    pool.add_ada(permanent=False)
    users = UserPool(pool.config, http)
    asked: list[Question] = []

    def choose(question: Question) -> str:
        asked.append(question)
        return PERMANENT

    users.sign_in(EMAIL, PASSWORD, choose)

    assert asked == ["new password"]
    assert users.sign_in(EMAIL, PERMANENT, nothing_else).access_token
