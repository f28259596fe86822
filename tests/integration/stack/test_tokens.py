"""Who is let in: API Gateway's authorizer, as deployed, in front of the real API."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from collections_cli.admin.users import make_password
from local import bootstrap
from tests.integration.stack.conftest import User

if TYPE_CHECKING:
    from local.stack import LocalStack

# The emulator keeps its pools' keys where we can read them: only so can an expired token be had without waiting.
SIGN = """
import base64, sys
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

key = load_pem_private_key(open(sys.argv[1], "rb").read(), None)
signature = key.sign(sys.argv[2].encode(), PKCS1v15(), SHA256())
print(base64.urlsafe_b64encode(signature).rstrip(b"=").decode())
"""


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def decoded(part: str) -> dict[str, Any]:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def signed_by_the_pool(stack: LocalStack, token: str, **changes: object) -> str:
    """`token` with other claims, signed with the pool's own key."""
    header, claims, _ = token.split(".")
    key = stack.folder / "emulator" / "state" / "cognito-pool-keys" / f"{stack.outputs['userPoolId']}-access.pem"
    content = f"{header}.{encoded({**decoded(claims), **changes})}"
    command = [bootstrap.python("emulator"), "-c", SIGN, key, content]
    return f"{content}.{subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()}"


def status_with(stack: LocalStack, authorization: str | None) -> int:
    headers = {} if authorization is None else {"Authorization": authorization}
    return httpx.get(f"{stack.api_url}/items", headers=headers, timeout=30).status_code


def test_the_pool_s_own_token_is_accepted(stack: LocalStack, ada: User) -> None:
    assert status_with(stack, f"Bearer {ada.token}") == 200
    assert status_with(stack, f"Bearer {signed_by_the_pool(stack, ada.token)}") == 200


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer x.y.z", "Basic YWRhOmFkYQ=="])
def test_no_token_is_refused(stack: LocalStack, authorization: str | None) -> None:
    assert status_with(stack, authorization) == 401


def test_a_tampered_token_is_refused(stack: LocalStack, ada: User, bob: User) -> None:
    header, claims, signature = ada.token.split(".")
    as_bob = encoded({**decoded(claims), "sub": decoded(bob.token.split(".")[1])["sub"]})

    assert status_with(stack, f"Bearer {header}.{as_bob}.{signature}") == 401
    unsigned = f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{claims}."
    assert status_with(stack, f"Bearer {unsigned}") == 401


def test_an_expired_token_is_refused(stack: LocalStack, ada: User) -> None:
    expired = signed_by_the_pool(stack, ada.token, exp=int(time.time()) - 60)

    assert status_with(stack, f"Bearer {expired}") == 401


def test_a_token_of_another_client_of_the_pool_is_refused(stack: LocalStack, ada: User) -> None:
    stranger = signed_by_the_pool(stack, ada.token, client_id="anotherclient")

    assert status_with(stack, f"Bearer {stranger}") == 401


def test_a_token_of_another_pool_is_refused(stack: LocalStack) -> None:
    cognito = stack.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="strangers")["UserPool"]["Id"]
    try:
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        made = cognito.create_user_pool_client(UserPoolId=pool, ClientName="strangers", ExplicitAuthFlows=flows)
        login = {"USERNAME": "eve@example.org", "PASSWORD": make_password()}
        cognito.admin_create_user(UserPoolId=pool, Username=login["USERNAME"], MessageAction="SUPPRESS")
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=login["USERNAME"], Password=login["PASSWORD"], Permanent=True
        )
        reply = cognito.initiate_auth(
            ClientId=made["UserPoolClient"]["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=login
        )

        assert status_with(stack, f"Bearer {reply['AuthenticationResult']['AccessToken']}") == 401
    finally:
        cognito.delete_user_pool(UserPoolId=pool)


@pytest.mark.parametrize("path", ["/", "/health", "/version", "/config.json", "/openapi.json", "/docs"])
def test_what_is_public_needs_no_token(stack: LocalStack, path: str) -> None:
    assert httpx.get(f"{stack.api_url}{path}", timeout=30).status_code == 200
