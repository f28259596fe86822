"""Where tokens are kept: in the operating system's keyring, or in a file that only its owner can read where there is no
keyring that works, as on a server."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

from collections_cli.storage import configuration_folder, write_private

Place = Literal["keyring", "file"]

SERVICE = "collections"


def keep(profile: str, secrets: Mapping[str, str]) -> Place:
    """Keep the secrets of a profile; where. Raises `OSError` when neither place takes them."""
    if _keyring_keeps(profile, json.dumps(dict(secrets))):
        token_file(profile).unlink(missing_ok=True)
        return "keyring"
    write_private(token_file(profile), dict(secrets))
    return "file"


def recall(profile: str, place: Place) -> dict[str, str] | None:
    """What was kept, or None when it is gone or cannot be read."""
    try:
        text = _read_keyring(profile) if place == "keyring" else token_file(profile).read_text(encoding="utf-8")
        kept: object = json.loads(text or "null")
    except (FileNotFoundError, ValueError):
        return None
    return cast("dict[str, str]", kept) if isinstance(kept, dict) else None


def forget(profile: str, place: Place) -> None:
    """Remove what was kept."""
    token_file(profile).unlink(missing_ok=True)
    if place == "keyring":
        import keyring
        from keyring.errors import KeyringError

        try:
            keyring.delete_password(SERVICE, profile)
        except KeyringError:
            # It was not there, or the keyring is locked: the service has revoked the token anyway.
            return


def token_file(profile: str) -> Path:
    """Where the tokens are if no keyring works."""
    return configuration_folder() / "tokens" / f"{profile}.json"


def _keyring_keeps(profile: str, text: str) -> bool:
    """Keep it in the keyring, and read it again: some keyrings take everything and keep nothing."""
    import keyring
    from keyring.errors import KeyringError

    try:
        if keyring.get_keyring().priority <= 0:
            return False
        keyring.set_password(SERVICE, profile, text)
        return keyring.get_password(SERVICE, profile) == text
    except (KeyringError, OSError, RuntimeError):
        return False


def _read_keyring(profile: str) -> str | None:
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, profile)
    except KeyringError:
        return None
