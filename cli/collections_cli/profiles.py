"""Profiles: the stacks that somebody uses, by names such as local, dev and prod. Tokens are kept elsewhere."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, cast

from collections_cli.failures import NotSignedInError, UnknownProfileError, UsageError
from collections_cli.storage import configuration_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from collections_cli.resources import ClientConfig
    from collections_cli.vault import Place

FIRST = "default"
"""What the first profile is called where nobody says."""
SIGN_IN = "Sign in first: collections login --api URL --email YOU"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True)
class Profile:
    """One user of one stack."""

    name: str
    api_url: str
    email: str
    config: ClientConfig
    place: Place
    """Where its tokens are."""


@dataclass
class Profiles:
    """All of them, as one file keeps them."""

    default: str = FIRST
    known: dict[str, Profile] = field(default_factory=dict[str, "Profile"])

    @classmethod
    def load(cls) -> Profiles:
        """Those that were saved. Raises `NotSignedInError` when the file is damaged."""
        file = profiles_file()
        try:
            kept = cast("dict[str, Any]", json.loads(file.read_text(encoding="utf-8")))
            known = {name: Profile(name=name, **values) for name, values in kept["profiles"].items()}
            return cls(str(kept["default"]), known)
        except FileNotFoundError:
            return cls()
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotSignedInError(f"{file} cannot be read. Remove it, and sign in again: collections login") from error

    def save(self) -> None:
        """Replace the file."""
        values = {name: {**asdict(profile)} for name, profile in self.known.items()}
        for value in values.values():
            del value["name"]
        write_private(profiles_file(), {"default": self.default, "profiles": values})

    def put(self, profile: Profile) -> None:
        """Add or replace one; the first is the default."""
        if not self.known:
            self.default = profile.name
        self.known[profile.name] = profile
        self.save()

    def drop(self, name: str) -> None:
        """Remove one; the next is the default if it was that."""
        del self.known[name]
        if self.default == name:
            self.default = next(iter(self.known), FIRST)
        self.save()

    def find(self, name: str | None) -> Profile:
        """The one of that name, or the default. Raises `UnknownProfileError` and `NotSignedInError`."""
        profile = self.known.get(name or self.default)
        if profile is not None:
            return profile
        if not self.known:
            raise NotSignedInError(SIGN_IN if name is None else SIGN_IN.replace("login", f"login --profile {name}"))
        raise UnknownProfileError(
            f"There is no profile {name or self.default}; you have {', '.join(self.known)}. "
            f"Sign in to make it: collections login --profile {name or self.default} --api URL --email YOU"
        )


def checked_name(name: str) -> str:
    """`name`, if a profile can be called that: it becomes a file's name. Raises `UsageError`."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a profile's name: up to 40 letters, digits, hyphens, dots.")
    return name


def profiles_file() -> Path:
    """Where they are kept."""
    return configuration_folder() / "profiles.json"
