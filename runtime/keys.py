"""Names of the objects in the image bucket (contract section 3)."""

import re
from typing import Literal, NamedTuple
from uuid import UUID

ORIGINALS, DERIVED, EXPORTS = "originals/", "derived/", "exports/"
"""What users sent, what the pipeline made of it, and what users take home."""

_ORIGINAL = re.compile(r"originals/(?P<user_id>[^/]+)/(?P<item_id>[0-9a-f-]{36})\.[a-z0-9]{1,8}")


_DERIVED = re.compile(r"derived/(?P<user_id>[^/]+)/(?P<item_id>[0-9a-f-]{36})/[a-z]+\.webp")


class InvalidKeyError(ValueError):
    """The key is not one of those that are made here."""


class ObjectOwner(NamedTuple):
    """Whose object it is, and of which item."""

    user_id: str
    item_id: UUID


def original_key(user_id: str, item_id: UUID, extension: str) -> str:
    """Where a user's upload is kept, unchanged. `extension` comes without its dot."""
    return f"originals/{user_id}/{item_id}.{extension.lower()}"


def derived_key(user_id: str, item_id: UUID, kind: Literal["thumb", "preview"]) -> str:
    """Where the pipeline keeps what it made of an original."""
    return f"derived/{user_id}/{item_id}/{kind}.webp"


def export_key(user_id: str, request_id: UUID, part: int) -> str:
    """Where a part of an export is kept for a day."""
    return f"exports/{user_id}/{request_id}/{part:03}.zip"


def parse_original_key(key: str) -> ObjectOwner:
    """The owner that `original_key` wrote into `key`. Raises `InvalidKeyError` for any other key."""
    return _parse(_ORIGINAL.fullmatch(key), key, "originals/<user>/<item>.<extension>")


def parse_key(key: str) -> ObjectOwner:
    """The owner of an original or of what was derived from it. Raises `InvalidKeyError` for any other key."""
    return _parse(_ORIGINAL.fullmatch(key) or _DERIVED.fullmatch(key), key, "an object of an item")


def _parse(match: re.Match[str] | None, key: str, expected: str) -> ObjectOwner:
    if match is None:
        raise InvalidKeyError(f"{key!r} is not {expected}")
    try:
        return ObjectOwner(match["user_id"], UUID(match["item_id"]))
    except ValueError as error:
        raise InvalidKeyError(f"{key!r} names no item") from error
