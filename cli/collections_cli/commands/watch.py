"""`collections watch`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collections_cli.connection import signed_in
from collections_cli.options import AsJson, Profile, command_group
from collections_cli.terminal import say

if TYPE_CHECKING:
    from collections_cli.client import Client

app = command_group()

FIRST_LOOK_MILLISECONDS = 500
"""After this long without a change, the watch is known to have begun."""


@app.command()
def watch(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where screenshots or photos appear.")],
    new_only: Annotated[bool, typer.Option("--new-only", help="Leave alone what is there already.")] = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Upload what is in a folder and what appears in it, until Ctrl-C. With --json, one line for each file."""
    from watchfiles import Change
    from watchfiles import watch as changes_in

    from collections_cli.failures import NoSuchFileError
    from collections_cli.files import CONTENT_TYPES

    def an_image(change: Change, name: str) -> bool:
        path = Path(name)
        hidden = any(part.startswith(".") for part in path.relative_to(folder.absolute()).parts)
        return change is not Change.deleted and not hidden and path.suffix.lower() in CONTENT_TYPES

    with signed_in(profile) as client:
        if not folder.is_dir():
            raise NoSuchFileError(f"{folder} is not a folder that can be watched.")
        watching = False
        for changes in changes_in(
            folder.absolute(),
            watch_filter=an_image,
            raise_interrupt=False,
            yield_on_timeout=True,
            rust_timeout=FIRST_LOOK_MILLISECONDS,
        ):
            if not watching:
                # Only now: what appears from here on is noticed, and nothing falls in between.
                watching = True
                say(f"Watching {folder}; Ctrl-C ends it.")
                if not new_only:
                    _upload(client, _there(folder), as_json=as_json)
            paths = sorted({Path(name) for _, name in changes})
            _upload(client, [path for path in paths if path.exists()], as_json=as_json)
    say("Not watching any more.")


def _there(folder: Path) -> list[Path]:
    """The images that are in the folder already; it may be empty."""
    from collections_cli.failures import NoImagesError
    from collections_cli.files import find_images

    try:
        return find_images([folder])
    except NoImagesError:
        return []


def _upload(client: "Client", paths: Sequence[Path], *, as_json: bool) -> None:
    """Upload, and tell of each file."""
    if not paths:
        return
    import json

    from collections_cli.commands.upload import as_values
    from collections_cli.progress import UploadProgress
    from collections_cli.terminal import messages, output
    from collections_cli.uploading import Outcome, Uploading

    with UploadProgress(messages(), paths) as progress:
        run = Uploading(client, progress)
        run.run(paths)
    for result in run.results:
        if as_json:
            typer.echo(json.dumps(as_values(result)))
        elif result.outcome is not Outcome.FAILED:  # the progress has told of those
            mark = "✓" if result.outcome is Outcome.UPLOADED else "="
            output().print(f"{mark} {result.path}", markup=False, soft_wrap=True)
