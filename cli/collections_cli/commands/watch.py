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

    from collections_cli.failures import NoImagesError, NoSuchFileError
    from collections_cli.files import CONTENT_TYPES, find_images

    def an_image(change: Change, name: str) -> bool:
        path = Path(name)
        hidden = any(part.startswith(".") for part in path.relative_to(folder.absolute()).parts)
        return change is not Change.deleted and not hidden and path.suffix.lower() in CONTENT_TYPES

    with signed_in(profile) as client:
        if not folder.is_dir():
            raise NoSuchFileError(f"{folder} is not a folder that can be watched.")
        if not new_only:
            try:
                _upload(client, find_images([folder]), as_json=as_json)
            except NoImagesError:
                say(f"There is nothing in {folder} yet.")
        say(f"Watching {folder}; Ctrl-C ends it.")
        # In the order in which they appeared on the disk would be nicer, but the system does not say.
        for changes in changes_in(folder.absolute(), watch_filter=an_image, raise_interrupt=False):
            paths = sorted({Path(name) for _, name in changes})
            _upload(client, [path for path in paths if path.exists()], as_json=as_json)
    say("Not watching any more.")


def _upload(client: "Client", paths: Sequence[Path], *, as_json: bool) -> None:
    """Upload, and tell of each file."""
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
