"""`collections upload`."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from collections_cli.connection import signed_in
from collections_cli.exits import Exit
from collections_cli.options import AsJson, Paths, Profile, command_group
from collections_cli.terminal import messages, output, say, show_json

if TYPE_CHECKING:
    from collections_cli.uploading import Result

app = command_group()


@app.command()
def upload(
    paths: Paths,
    parallel: Annotated[int, typer.Option("--parallel", min=1, max=32, help="Files at a time.")] = 8,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Upload images. Those that you have already are not sent again, so that the same command goes on after Ctrl-C.

    PATH is an image, a folder to look for images in, or a pattern such as 'shots/*.png'.
    """
    from collections_cli.files import find_images
    from collections_cli.progress import UploadProgress, summary
    from collections_cli.uploading import Uploading

    with signed_in(profile) as client:
        files = find_images(paths)
        begun = time.monotonic()
        progress = UploadProgress(messages(), files)
        run = Uploading(client, progress, parallel)
        try:
            with progress:
                run.run(files)
        except KeyboardInterrupt:
            _interrupted(run.results, len(files), as_json=as_json)
        except Exception:
            _tell(run.results, as_json=as_json)
            if run.results:
                say(f"{len(run.results)} of {len(files)} files were dealt with; the same command does the rest.")
            raise
    if as_json:
        _tell(run.results, as_json=True)
    else:
        output().print(summary(run.results, time.monotonic() - begun, sent_bytes(run.results)), markup=False)
    code = exit_of_results(run.results)
    if code is not Exit.DONE:
        raise typer.Exit(code)


def exit_of_results(results: Sequence["Result"]) -> Exit:
    """Complete, in part, or not at all."""
    from collections_cli.uploading import Outcome

    failed = sum(result.outcome is Outcome.FAILED for result in results)
    if not failed:
        return Exit.DONE
    return Exit.INCOMPLETE if failed < len(results) else Exit.REFUSED


def sent_bytes(results: Sequence["Result"]) -> int:
    """Bytes of the files that were sent, as far as they are still there."""
    from collections_cli.uploading import Outcome

    sent = (result.path for result in results if result.outcome is Outcome.UPLOADED)
    return sum(path.stat().st_size for path in sent if path.exists())


def as_values(result: "Result") -> dict[str, Any]:
    """A result for programs."""
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(result).items()}


def _tell(results: Sequence["Result"], *, as_json: bool) -> None:
    if as_json:
        # They end in no order that one could count on.
        show_json([as_values(result) for result in sorted(results, key=lambda result: result.path)])


def _interrupted(results: Sequence["Result"], files: int, *, as_json: bool) -> None:
    _tell(results, as_json=as_json)
    say(f"Stopped: {len(results)} of {files} files are done. The same command goes on from there.", "yellow")
    raise typer.Exit(Exit.INTERRUPTED)
