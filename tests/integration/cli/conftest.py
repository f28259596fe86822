"""A real user pool, by the emulator, and somebody in it, who has a terminal."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pexpect
import pytest

from collections_cli.resources import ClientConfig
from local.stack import CHECKOUT
from tests.integration.aws import CREDENTIALS, REGION, running_emulator
from tests.integration.cli.service import Service, serving

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

EMAIL = "ada@example.org"
PASSWORD = "Correct-horse-1"
PERMANENT = "Battery-staple-2"
SECONDS = 60

Type = Callable[..., "pexpect.spawn[str]"]


@dataclass(frozen=True)
class Pool:
    """A pool with Ada in it, and who administers it."""

    config: ClientConfig
    admin: CognitoIdentityProviderClient

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


@pytest.fixture
def service(pool: Pool) -> Iterator[Service]:
    with serving(pool.config) as service:
        yield service


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the program keeps what it knows."""
    return tmp_path / "config"


@pytest.fixture
def type_(home: Path) -> Type:
    """Starts the program in a terminal of 100 columns."""
    environment = {
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "XDG_CONFIG_HOME": str(home),
        "PYTHONPATH": str(CHECKOUT / "cli"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }

    def heed_ctrl_c() -> None:
        # Who starts the tests in the background has them, and what they start, ignore it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def start(*arguments: str) -> pexpect.spawn[str]:
        return pexpect.spawn(
            sys.executable,
            ["-m", "collections_cli", *arguments],
            env=environment,  # pyright: ignore[reportArgumentType]
            encoding="utf-8",
            timeout=SECONDS,
            dimensions=(40, 100),
            preexec_fn=heed_ctrl_c,
        )

    return start


@pytest.fixture
def signed_in(type_: Type, service: Service, pool: Pool) -> None:
    """Ada has signed in, as she does: by typing."""
    pool.add_ada(permanent=True)
    program = type_("login", "--api", service.url, "--email", EMAIL)
    program.expect("Password")
    program.sendline(PASSWORD)
    code, shown = ended(program)
    assert code == 0, shown
    assert PASSWORD not in shown
    assert "Signed in as ada@example.org, profile default; the session is kept in a file" in shown


def ended(program: pexpect.spawn[str]) -> tuple[int | None, str]:
    """Exit code, and what was shown after what was waited for last."""
    program.expect(pexpect.EOF)
    program.close()
    return program.exitstatus, str(program.before)
