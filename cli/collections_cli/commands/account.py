"""`collections status`, `usage` and `export`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collections_cli.connection import http, signed_in
from collections_cli.failures import ApiError, UsageError
from collections_cli.options import AsJson, Profile, command_group
from collections_cli.terminal import messages, output, say, show_json

if TYPE_CHECKING:
    from collections_cli.client import Client
    from collections_cli.resources import Export

app = command_group()

EXPORT_WITHIN_SECONDS = 20 * 60
FIRST_LOOK_SECONDS, LATER_LOOK_SECONDS = 0.5, 5.0


@app.command()
def status(profile: Profile = None, as_json: AsJson = False) -> None:
    """Show your collection in numbers: how many images, how far they are, what they are of."""
    with signed_in(profile) as client:
        counted = client.stats()
    if as_json:
        show_json(counted)
        return
    from collections_cli import display

    display.show_statistics(output(), counted)


@app.command()
def usage(profile: Profile = None, as_json: AsJson = False) -> None:
    """Show what the models have cost by month, and what is left of this one."""
    with signed_in(profile) as client:
        used = client.usage()
    if as_json:
        show_json(used)
        return
    from collections_cli import display

    display.show_usage(output(), used)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to put the zip.")] = Path("collections.zip"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Download everything of yours: originals, and all that is known of them as JSON.

    A large collection comes in several zips, numbered after FILE.
    """
    from collections_cli.downloading import download

    with signed_in(profile) as client:
        if file.exists() and not force:
            raise UsageError(f"{file} is there already. Name another file, or say --force.")
        with messages().status("The export is being made …"):
            made = _made(client)
        files = _named(file, len(made["parts"]))
        with http() as connection:
            for number, part in enumerate(files):
                # An address is valid for a short while only, and the parts before may have taken longer.
                url = client.export(made["request_id"])["parts"][number]["url"]
                download(url, part, connection, messages())
    if as_json:
        show_json({"files": [str(each) for each in files], "request_id": made["request_id"]})
    else:
        say(f"Everything is in {', '.join(map(str, files))}.", "green")


def _named(file: Path, parts: int) -> list[Path]:
    """`all.zip`, or `all-001.zip`, `all-002.zip` …"""
    if parts == 1:
        return [file]
    return [file.with_stem(f"{file.stem}-{number:03}") for number in range(1, parts + 1)]


def _made(client: Client) -> Export:
    """Ask for an export, and wait until it is there."""
    request_id = client.request_export()
    pause, deadline = FIRST_LOOK_SECONDS, time.monotonic() + EXPORT_WITHIN_SECONDS
    while (export := client.export(request_id))["state"] != "done":
        if export["state"] in {"failed", "expired"}:
            raise ApiError(409, export["error"] or "The export is not there any more. Run the command again.")
        if time.monotonic() > deadline:
            raise ApiError(504, "The export is not there after 20 minutes. Try again later; it is made meanwhile.")
        time.sleep(pause)
        pause = min(2 * pause, LATER_LOOK_SECONDS)
    return export
