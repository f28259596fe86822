"""Users of the local stack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from local.provisioner.cloud import Cloud

DEMO_EMAIL = "demo@collections.local"


@dataclass(frozen=True)
class Credentials:
    """What a user signs in with."""

    email: str
    password: str = field(repr=False)


def user_exists(cloud: Cloud, pool: str, email: str) -> bool:
    try:
        cloud.call("cognito-idp.admin_get_user", UserPoolId=pool, Username=email)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "UserNotFoundException":
            raise
        return False
    return True


def sign_in(cloud: Cloud, client: str, credentials: Credentials) -> str:
    """An access token. Raises botocore's ClientError if the password is wrong."""
    reply = cloud.call(
        "cognito-idp.initiate_auth",
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": credentials.email, "PASSWORD": credentials.password},
    )
    return str(reply["AuthenticationResult"]["AccessToken"])
