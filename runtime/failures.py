"""The ways in which a step of the pipeline can go wrong."""

from typing import ClassVar


class PermanentError(Exception):
    """Trying again cannot help: the image is bad, too large or refused.

    The message is a sentence for the image's owner, who reads it as the item's `error`; it names no key, no vendor's
    internals and no other user.
    """

    retryable: ClassVar[bool] = False
    """Whether the owner may well try again later all the same, for nothing is wrong with the image."""


class TransientError(Exception):
    """Trying again later may help: a vendor is busy or unreachable, a parameter is wrong until an operator mends it.
    The queue delivers the event again."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds to wait at least, if whoever refused said so."""


class AtWorkError(TransientError):
    """Another delivery of the same event is at work, and `retry_after` says until when at most. Its failure, if it
    fails, is its own to report: this one never gives the item up."""


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for. Vendors send a number; a date counts as not said."""
    try:
        return float(header) if header is not None else None
    except ValueError:
        return None
