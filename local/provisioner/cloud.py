"""Where the program is deployed to: the emulator's API, and what this machine adds to it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from pathlib import Path

    from local.recorder import Properties

ACCOUNT = "000000000000"
_INVOCATION_SECONDS = 310
_GONE = ("NotFound", "NoSuch", "NonExistent", "DoesNotExist", "NotFoundException")


class DatabaseServer(Protocol):
    """The PostgreSQL server that stands in for RDS."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    def create(self, *, username: str, password: str, database: str) -> None:
        """Makes sure that the role with that password and the database, owned by it, exist."""
        ...


@dataclass(frozen=True)
class Place:
    """Whose resources, where, and with what to run them."""

    endpoint: str
    """The emulator's URL."""
    folder: Path
    """Where image copies are kept; absolute."""
    runtime_python: Path
    """Interpreter of the venv that holds the image's packages and AWS's runtime client."""
    database: DatabaseServer
    region: str
    account: str = ACCOUNT


class Cloud:
    """Calls AWS operations by name, so that a table can say which."""

    def __init__(self, place: Place) -> None:
        self.place = place
        # The emulator takes the access key, when it is twelve digits, for the account.
        self._session = boto3.Session(place.account, "local", region_name=place.region)
        self._config = Config(
            read_timeout=_INVOCATION_SECONDS,
            retries={"total_max_attempts": 1},
            signature_version="v4",
            proxies={},  # loopback: whatever proxy the environment names has no business with it
            s3={"addressing_style": "path"},
        )
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    @property
    def region(self) -> str:
        return self.place.region

    @property
    def account(self) -> str:
        return self.place.account

    def client(self, service: str) -> Any:
        """A boto3 client; its type depends on `service`, which is why it is not said."""
        with self._lock:  # making clients is not thread-safe, using them is
            if service not in self._clients:
                config = self._config.merge(Config(signature_version="s3v4")) if service == "s3" else self._config
                self._clients[service] = self._session.client(  # pyright: ignore[reportCallIssue, reportUnknownMemberType]
                    service,  # pyright: ignore[reportArgumentType]
                    endpoint_url=self.place.endpoint,
                    config=config,
                )
            return self._clients[service]

    def call(self, operation: str, /, **parameters: object) -> Properties:
        """Calls `service.method` without those parameters that are None; raises botocore's errors."""
        service, _, method = operation.partition(".")
        given = {name: value for name, value in parameters.items() if value is not None}
        return cast("Properties", getattr(self.client(service), method)(**given))

    def forget(self, operation: str, /, **parameters: object) -> None:
        """Like `call`, for deletions: what is gone already is no error."""
        try:
            self.call(operation, **parameters)
        except ClientError as error:
            if not any(part in error.response.get("Error", {}).get("Code", "") for part in _GONE):
                raise

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """`arn:aws:service:region:account:resource`."""
        return f"arn:aws:{service}:{self.region if region else ''}:{self.account if account else ''}:{resource}"
