"""Users of the local stack, made by us: nobody can sign up."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud

DEMO_EMAIL = "demo@collections.local"

_LENGTH = 20
_REQUIRED = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.+")


@dataclass(frozen=True)
class Credentials:
    """What a user signs in with."""

    email: str
    password: str = field(repr=False)


def make_password() -> str:
    """Random, with a letter of each case, a digit and a symbol: what the pool's policy asks for."""
    chosen = [secrets.choice(characters) for characters in _REQUIRED]
    chosen += [secrets.choice("".join(_REQUIRED)) for _ in range(_LENGTH - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def user_exists(cloud: Cloud, pool: str, email: str) -> bool:
    try:
        cloud.call("cognito-idp.admin_get_user", UserPoolId=pool, Username=email)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "UserNotFoundException":
            raise
        return False
    return True


def create_user(cloud: Cloud, pool: str, credentials: Credentials) -> None:
    """A user with a verified address and a password that need not be changed."""
    cloud.call(
        "cognito-idp.admin_create_user",
        UserPoolId=pool,
        Username=credentials.email,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": credentials.email}, {"Name": "email_verified", "Value": "true"}],
    )
    cloud.call(
        "cognito-idp.admin_set_user_password",
        UserPoolId=pool,
        Username=credentials.email,
        Password=credentials.password,
        Permanent=True,
    )


def sign_in(cloud: Cloud, client: str, credentials: Credentials) -> str:
    """An access token. Raises botocore's ClientError if the password is wrong."""
    reply = cloud.call(
        "cognito-idp.initiate_auth",
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": credentials.email, "PASSWORD": credentials.password},
    )
    return str(reply["AuthenticationResult"]["AccessToken"])
