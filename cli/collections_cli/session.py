"""Who is signed in where, kept in a file that only its owner can read."""

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, cast

import httpx

from collections_cli.client import Client
from collections_cli.cognito import Question, SignInError, Tokens, UserPool
from collections_cli.resources import ClientConfig

RENEW_BEFORE = timedelta(minutes=2)
"""So that a token does not expire on its way."""


class NotSignedInError(Exception):
    """There is no session; the message says how to get one."""


def session_file() -> Path:
    """`collections/session.json` in the user's configuration folder (XDG)."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "collections" / "session.json"


@dataclass
class Session:
    """A signed-in user of one API."""

    api_url: str
    email: str
    config: ClientConfig
    tokens: Tokens = field(repr=False)
    file: Path
    http: httpx.Client = field(repr=False)

    @classmethod
    def load(cls, file: Path, http: httpx.Client) -> Self:
        """The session of an earlier `collections login`. Raises `NotSignedInError`."""
        try:
            kept = cast(dict[str, Any], json.loads(file.read_text(encoding="utf-8")))
            tokens = Tokens(
                access_token=kept["access_token"],
                refresh_token=kept["refresh_token"],
                expires_at=datetime.fromisoformat(kept["expires_at"]),
            )
            return cls(kept["api_url"], kept["email"], kept["config"], tokens, file, http)
        except FileNotFoundError as error:
            raise NotSignedInError("Sign in first: collections login --api URL --email YOU") from error
        except (ValueError, KeyError, TypeError) as error:
            raise NotSignedInError(f"{file} cannot be read; sign in again: collections login") from error

    @classmethod
    def start(
        cls, api_url: str, email: str, password: str, *, ask: Callable[[Question], str], file: Path, http: httpx.Client
    ) -> Self:
        """Sign in and keep the session in `file`. Raises `SignInError`, `ApiError` and `UnreachableError`."""
        config = Client(api_url, http=http).config()
        tokens = UserPool(config, http).sign_in(email, password, ask)
        session = cls(api_url, email, config, tokens, file, http)
        session.save()
        return session

    def save(self) -> None:
        """Replace the file; it is never there half-written, nor readable by others."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {
            "api_url": self.api_url,
            "email": self.email,
            "config": self.config,
            "access_token": self.tokens.access_token,
            "refresh_token": self.tokens.refresh_token,
            "expires_at": self.tokens.expires_at.isoformat(),
        }
        # mkstemp makes it readable by its owner only.
        descriptor, name = tempfile.mkstemp(dir=self.file.parent, prefix=self.file.name)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(kept, file)
            Path(name).replace(self.file)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def token(self) -> str:
        """A valid access token, renewed when it is about to expire. Raises `NotSignedInError`."""
        if datetime.now(UTC) + RENEW_BEFORE >= self.tokens.expires_at:
            try:
                self.tokens = UserPool(self.config, self.http).refresh(self.tokens.refresh_token)
            except SignInError as error:
                raise NotSignedInError(f"Your session has ended ({error}). Sign in again: collections login") from error
            self.save()
        return self.tokens.access_token

    def client(self) -> Client:
        """The API as this user."""
        return Client(self.api_url, self.token, self.http)
