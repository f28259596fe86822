"""What can go wrong without a mistake in this program: each is a sentence for a person, and an exit code."""

import errno
from http import HTTPStatus
from typing import ClassVar

from collections_cli.exits import Exit


class ExpectedError(Exception):
    """Says what happened and what to do about it."""

    exit: ClassVar[Exit] = Exit.REFUSED


class ApiError(ExpectedError):
    """The API refused or failed; the message says why."""

    def __init__(
        self, status: int, detail: str, request_id: str | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        """Seconds after which it may be asked again, if it said so."""

    @property
    def passing(self) -> bool:
        """It may well go by itself: too many requests, or a failure of the service."""
        return self.status == HTTPStatus.TOO_MANY_REQUESTS or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR


class UnreachableError(ExpectedError):
    """Nobody answered at the address, or somebody else."""

    exit = Exit.UNAVAILABLE

    @classmethod
    def silent(cls, who: str, error: Exception) -> "UnreachableError":
        """`who` does not answer; `error` is what the network said."""
        said = str(error) or type(error).__name__
        return cls(f"{who} does not answer ({said}): is the address right, and the network up?")

    @classmethod
    def stranger(cls, url: str) -> "UnreachableError":
        """Something else answers at `url`."""
        return cls(f"What answers at {url} is not Collections: is the address right?")


class SignInError(ExpectedError):
    """The pool let nobody in; the message says why."""

    exit = Exit.SIGN_IN


class NotSignedInError(ExpectedError):
    """There is no session; the message says how to get one."""

    exit = Exit.SIGN_IN


class InvalidChallengeError(ExpectedError, ValueError):
    """The server's numbers would give the password away, or are not numbers."""

    exit = Exit.SIGN_IN


class UnsupportedFileError(ExpectedError, ValueError):
    """The file's suffix is not that of an image that can be uploaded."""

    exit = Exit.THIS_MACHINE


class FileChangedError(ExpectedError):
    """The file became another one while it was being sent."""

    exit = Exit.THIS_MACHINE


class NoImagesError(ExpectedError):
    """Nothing that can be uploaded is where one said."""

    exit = Exit.THIS_MACHINE


class NoSuchFileError(ExpectedError):
    """What was named is not there."""

    exit = Exit.THIS_MACHINE


class UnknownProfileError(ExpectedError):
    """There is no profile of that name; the message lists those that there are."""

    exit = Exit.USAGE


class UsageError(ExpectedError):
    """The command line does not make sense."""

    exit = Exit.USAGE


class NotFoundError(ExpectedError):
    """There is no such thing."""

    exit = Exit.NOT_FOUND


def exit_of(error: Exception) -> Exit:
    """The exit code that `error` ends the program with."""
    if isinstance(error, ApiError):
        if error.status == HTTPStatus.UNAUTHORIZED:
            return Exit.SIGN_IN
        if error.status == HTTPStatus.NOT_FOUND:
            return Exit.NOT_FOUND
        return Exit.UNAVAILABLE if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR else Exit.REFUSED
    return error.exit if isinstance(error, ExpectedError) else Exit.THIS_MACHINE


def sentence(error: Exception) -> str:
    """What happened, for a person."""
    if not isinstance(error, OSError):
        return str(error)
    where = f": {error.filename}" if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"The disk is full{where}. Nothing half-written was left; make room and run the command again."
    if isinstance(error, FileNotFoundError):
        return f"It is not there (any more){where}"
    if isinstance(error, PermissionError):
        return f"You may not read or write it{where}"
    return f"{error.strerror or error}{where}"
