"""Signing in to the user pool that the API names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self, cast

import httpx

from collections_cli.failures import SignInError, UnreachableError
from collections_cli.resources import ClientConfig
from collections_cli.srp import Exchange

Question = Literal["new password", "code"]
"""What a pool may want to know besides the password: a new one at the first sign-in, a code of an authenticator app."""

_SERVICE = "AWSCognitoIdentityProviderService"
_QUESTIONS: dict[str, tuple[Question, str]] = {
    "NEW_PASSWORD_REQUIRED": ("new password", "NEW_PASSWORD"),
    "SOFTWARE_TOKEN_MFA": ("code", "SOFTWARE_TOKEN_MFA_CODE"),
}
"""Challenge -> what to ask the user, and the name of the response."""


@dataclass(frozen=True)
class Tokens:
    """What a signed-in user shows."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    """Of the access token; the refresh token gets another one."""

    @classmethod
    def of(cls, kept: Mapping[str, str]) -> Self:
        """What `kept` gave. Raises `ValueError` and `KeyError`."""
        return cls(kept["access_token"], kept["refresh_token"], datetime.fromisoformat(kept["expires_at"]))

    def kept(self) -> dict[str, str]:
        """As text, to be kept."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": self.expires_at.isoformat(),
        }


@dataclass(frozen=True)
class UserPool:
    """The pool and the client that `config` names, reached over `http`."""

    config: ClientConfig
    http: httpx.Client

    def sign_in(self, email: str, password: str, ask: Callable[[Question], str]) -> Tokens:
        """Sign in; `ask` is called for what the pool wants besides the password.

        The password itself is never sent. Raises `SignInError` and `UnreachableError`.
        """
        exchange = Exchange()
        reply = self._call(
            "InitiateAuth",
            {
                "AuthFlow": "USER_SRP_AUTH",
                "AuthParameters": {"USERNAME": email, "SRP_A": f"{exchange.public:x}"},
            },
        )
        challenge = cast(dict[str, str], reply["ChallengeParameters"])
        proof = exchange.answer(
            challenge, pool_id=self.config["user_pool_id"], password=password, moment=datetime.now(UTC)
        )
        reply = self._respond("PASSWORD_VERIFIER", proof, reply.get("Session"))
        while "AuthenticationResult" not in reply:
            name = str(reply.get("ChallengeName"))
            if name not in _QUESTIONS:
                raise SignInError(f"The user pool asks for {name}, which this program cannot answer.")
            question, response = _QUESTIONS[name]
            answers = {"USERNAME": challenge["USER_ID_FOR_SRP"], response: ask(question)}
            reply = self._respond(name, answers, reply.get("Session"))
        return tokens_of(reply["AuthenticationResult"], "")

    def refresh(self, refresh_token: str) -> Tokens:
        """Another access token. Raises `SignInError` when one has to sign in again, and `UnreachableError`."""
        reply = self._call(
            "InitiateAuth",
            {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": refresh_token}},
        )
        return tokens_of(reply["AuthenticationResult"], refresh_token)

    def revoke(self, refresh_token: str) -> None:
        """Have the refresh token renew nothing any more; one that has ended is fine. Raises `UnreachableError`."""
        try:
            self._call("RevokeToken", {"Token": refresh_token})
        except SignInError:
            return

    def _respond(self, challenge: str, responses: dict[str, str], session: str | None) -> dict[str, Any]:
        request: dict[str, Any] = {"ChallengeName": challenge, "ChallengeResponses": responses}
        return self._call("RespondToAuthChallenge", request | ({"Session": session} if session else {}))

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self.http.post(
                self.config["cognito_endpoint"],
                json={"ClientId": self.config["client_id"], **request},
                headers={"X-Amz-Target": f"{_SERVICE}.{operation}", "Content-Type": "application/x-amz-json-1.1"},
            )
        except httpx.TransportError as error:
            raise UnreachableError.silent(self.config["cognito_endpoint"], error) from error
        if answer.is_success and not answer.content:
            return {}
        try:
            body = cast(dict[str, Any], answer.json())
        except ValueError as error:
            raise SignInError(f"The user pool answered HTTP {answer.status_code} without saying why.") from error
        if not answer.is_success:
            raise SignInError(str(body.get("message") or body.get("__type") or f"HTTP {answer.status_code}"))
        return body


def tokens_of(result: dict[str, Any], refresh_token: str) -> Tokens:
    """What the pool gave. A refresh brings no new refresh token: the old one, given here, stays."""
    return Tokens(
        access_token=result["AccessToken"],
        refresh_token=result.get("RefreshToken") or refresh_token,
        expires_at=datetime.now(UTC) + timedelta(seconds=result["ExpiresIn"]),
    )
