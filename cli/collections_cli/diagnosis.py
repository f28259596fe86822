"""What can be wrong between a person and their images, examined in the order in which it matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from collections_cli.catalogue import version
from collections_cli.client import Client
from collections_cli.exits import Exit
from collections_cli.failures import ExpectedError, exit_of
from collections_cli.profiles import Profiles
from collections_cli.session import Session

if TYPE_CHECKING:
    import httpx

CLOCK_TOLERANCE = timedelta(minutes=4)
"""Cognito and S3 refuse what is five minutes off."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    well: bool
    seen: str
    remedy: str = ""
    exit: Exit = Exit.DONE


def examine(name: str | None, http: httpx.Client) -> Iterator[Finding]:
    """Look at one thing after the other; what a broken one makes pointless is left out."""
    yield Finding("program", well=True, seen=f"collections {version()}")
    try:
        profile = Profiles.load().find(name)
    except ExpectedError as error:
        yield Finding("profile", False, "none that can be used", str(error), error.exit)
        return
    yield Finding("profile", well=True, seen=f"{profile.name}: {profile.email} at {profile.api_url}")
    service = Client(profile.api_url, http=http)
    try:
        health, answered_at = service.health()
    except ExpectedError as error:
        remedy = "Is it running? For the local stack: make local"
        yield Finding("service", False, str(error), remedy, exit_of(error))
        return
    yield _health(health)
    yield _clock(answered_at)
    yield from _session(name, http)


def _health(health: dict[str, str]) -> Finding:
    seen = f"{health.get('status')}, version {health.get('version')}, database {health.get('database')}"
    if health.get("status") == "ok":
        return Finding("service", well=True, seen=seen)
    return Finding(
        "service", False, seen, "Wait a little; who runs it finds the reason in docs/operate.md.", Exit.UNAVAILABLE
    )


def _clock(answered_at: str | None) -> Finding:
    try:
        there = parsedate_to_datetime(answered_at or "")
    except ValueError:
        return Finding("clock", well=True, seen="the service does not say its time")
    off = datetime.now(UTC) - there.astimezone(UTC)
    seconds = f"{abs(off.total_seconds()):.0f} s {'ahead' if off > timedelta() else 'behind'}"
    if abs(off) <= CLOCK_TOLERANCE:
        return Finding("clock", well=True, seen=f"right ({seconds})")
    return Finding(
        "clock", False, f"{seconds} of the service's", "Set this machine's clock; sign-ins need it.", Exit.THIS_MACHINE
    )


def _session(name: str | None, http: httpx.Client) -> Iterator[Finding]:
    try:
        session = Session.load(name, http)
        session.token()
        mine = session.client().page(limit=1)["total"]
    except ExpectedError as error:
        yield Finding("session", False, str(error), "collections login", exit_of(error))
        return
    left = session.tokens.expires_at - datetime.now(UTC)
    kept = "the keyring" if session.profile.place == "keyring" else "a file"
    minutes = left.total_seconds() // 60
    yield Finding("session", well=True, seen=f"in {kept}, renewed in {minutes:.0f} min at the latest")
    yield Finding("images", well=True, seen=f"{mine} of yours")
