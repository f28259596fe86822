"""The people who may sign in: nobody signs up by themselves."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from collections_cli.failures import ExpectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AttributeTypeTypeDef

    from collections_cli.admin.stack import Stack

_LENGTH = 24
_CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "-_.+")


class UserError(ExpectedError):
    """There is such a user already, or none; the message says which."""


@dataclass(frozen=True)
class Person:
    """Somebody in the pool."""

    email: str
    status: str
    """Cognito's: `CONFIRMED`, or `FORCE_CHANGE_PASSWORD` until the first sign-in."""
    enabled: bool
    created: str


@dataclass(frozen=True)
class Users:
    """The users of one stack."""

    pool: str
    cognito: CognitoIdentityProviderClient

    @classmethod
    def of(cls, stack: Stack) -> Users:
        return cls(str(stack.outputs["userPoolId"]), stack.client("cognito-idp"))

    def invite(self, email: str) -> None:
        """Have Cognito mail a password that is good for one sign-in within a week. Raises `UserError`."""
        self._create(email, DesiredDeliveryMediums=["EMAIL"])

    def create(self, email: str, password: str) -> None:
        """Make a user who signs in with this password, and is told nothing. Raises `UserError`."""
        self._create(email, MessageAction="SUPPRESS")
        try:
            self.cognito.admin_set_user_password(
                UserPoolId=self.pool, Username=email, Password=password, Permanent=True
            )
        except self.cognito.exceptions.InvalidPasswordException as error:
            self.delete(email)
            raise UserError(f"the pool does not take this password: {_message(error)}") from error

    def disable(self, email: str) -> None:
        """Let somebody in no more, and end their sessions; an access token is good for the rest of its hour. What they
        keep stays. Raises `UserError`."""
        try:
            self.cognito.admin_disable_user(UserPoolId=self.pool, Username=email)
            self.cognito.admin_user_global_sign_out(UserPoolId=self.pool, Username=email)
        except self.cognito.exceptions.UserNotFoundException:
            raise _nobody(email) from None

    def enable(self, email: str) -> None:
        """Let somebody in again. Raises `UserError`."""
        try:
            self.cognito.admin_enable_user(UserPoolId=self.pool, Username=email)
        except self.cognito.exceptions.UserNotFoundException:
            raise _nobody(email) from None

    def subject(self, email: str) -> str:
        """The user's id everywhere in the stack: Cognito's `sub`. Raises `UserError`."""
        try:
            found = self.cognito.admin_get_user(UserPoolId=self.pool, Username=email)
        except self.cognito.exceptions.UserNotFoundException:
            raise _nobody(email) from None
        return next(each.get("Value", "") for each in found.get("UserAttributes", []) if each["Name"] == "sub")

    def delete(self, email: str) -> None:
        """Remove the login, and nothing else."""
        self.cognito.admin_delete_user(UserPoolId=self.pool, Username=email)

    def __iter__(self) -> Iterator[Person]:
        """Everybody, page by page."""
        for page in self.cognito.get_paginator("list_users").paginate(UserPoolId=self.pool):
            for user in page["Users"]:
                created = user.get("UserCreateDate")
                yield Person(
                    email=_email(user.get("Attributes", [])) or user.get("Username", ""),
                    status=str(user.get("UserStatus", "")),
                    enabled=user.get("Enabled", True),
                    created=f"{created:%Y-%m-%d}" if created else "",
                )

    def _create(self, email: str, **how: Any) -> None:
        attributes: list[AttributeTypeTypeDef] = [
            {"Name": "email", "Value": email},
            {"Name": "email_verified", "Value": "true"},
        ]
        try:
            self.cognito.admin_create_user(UserPoolId=self.pool, Username=email, UserAttributes=attributes, **how)
        except self.cognito.exceptions.UsernameExistsException:
            raise UserError(f"{email} is a user already") from None
        except self.cognito.exceptions.InvalidParameterException as error:
            raise UserError(f"{email} cannot be a user: {_message(error)}") from error


def make_password() -> str:
    """Random, with a letter of each case, a digit and a symbol: what the pool's policy asks for."""
    chosen = [secrets.choice(characters) for characters in _CLASSES]
    chosen += [secrets.choice("".join(_CLASSES)) for _ in range(_LENGTH - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def _email(attributes: list[AttributeTypeTypeDef]) -> str:
    return next((each.get("Value", "") for each in attributes if each["Name"] == "email"), "")


def _nobody(email: str) -> UserError:
    return UserError(f"{email} is no user of this stack")


def _message(error: Any) -> str:
    return str(error.response["Error"]["Message"])
