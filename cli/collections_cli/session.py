"""Who is signed in where: a profile, and its tokens, renewed before they end."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from collections_cli import vault
from collections_cli.client import Client
from collections_cli.cognito import Tokens, UserPool
from collections_cli.failures import NotSignedInError, SignInError
from collections_cli.profiles import Profile, Profiles

if TYPE_CHECKING:
    from typing import Self

    import httpx

    from collections_cli.resources import ClientConfig

RENEW_BEFORE = timedelta(minutes=2)
"""So that a token does not expire on its way."""


@dataclass
class Session:
    """A signed-in user of one stack."""

    profile: Profile
    tokens: Tokens = field(repr=False)
    http: httpx.Client = field(repr=False)
    _renewal: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def load(cls, name: str | None, http: httpx.Client) -> Self:
        """The session of the profile `name`, or of the default. Raises `NotSignedInError` and `UnknownProfileError`."""
        profile = Profiles.load().find(name)
        kept = vault.recall(profile.name, profile.place)
        try:
            tokens = Tokens.of(kept or {})
        except (ValueError, KeyError, TypeError) as error:
            raise NotSignedInError(
                f"The tokens of profile {profile.name} are not in the {profile.place} any more. {_again(profile)}"
            ) from error
        return cls(profile, tokens, http)

    @classmethod
    def start(
        cls, name: str, api_url: str, email: str, config: ClientConfig, tokens: Tokens, http: httpx.Client
    ) -> Self:
        """Keep what a sign-in gave. Raises `OSError`."""
        place = vault.keep(name, tokens.kept())
        profile = Profile(name, api_url, email, config, place)
        Profiles.load().put(profile)
        return cls(profile, tokens, http)

    def token(self) -> str:
        """A valid access token, renewed when it is about to expire. Raises `NotSignedInError`."""
        with self._renewal:
            if datetime.now(UTC) + RENEW_BEFORE >= self.tokens.expires_at:
                self._renew()
            return self.tokens.access_token

    def client(self) -> Client:
        """The API as this user."""
        return Client(self.profile.api_url, self.token, self.http)

    def end(self) -> None:
        """Have the pool revoke what was given, and forget it. Raises `UnreachableError`, and has forgotten it then."""
        vault.forget(self.profile.name, self.profile.place)
        UserPool(self.profile.config, self.http).revoke(self.tokens.refresh_token)

    def _renew(self) -> None:
        try:
            self.tokens = UserPool(self.profile.config, self.http).refresh(self.tokens.refresh_token)
        except SignInError as error:
            raise NotSignedInError(f"Your session has ended ({error}). {_again(self.profile)}") from error
        vault.keep(self.profile.name, self.tokens.kept())


def _again(profile: Profile) -> str:
    return f"Sign in again: collections login --profile {profile.name}"
