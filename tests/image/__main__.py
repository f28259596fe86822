"""Builds the functions' image, says what is in it, and has its entry point answer a real invocation.

python -m tests.image
"""

from __future__ import annotations

import queue
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local.runtime_api import RuntimeApi
from tests.api_environment import ENVIRONMENT
from tests.gateway import gateway_event
from tests.image import building, scratch
from tests.image.contents import COMPRESSED_LIMIT, MEGABYTE, UNPACKED_LIMIT, Contents, faults, measure

NAMES = ("collections-image:first", "collections-image:second")
SHOWN = 12
SECONDS = 60

console = Console(highlight=False)


class ImageError(Exception):
    """The image is not as it should be."""


def main() -> int:
    """Run as a command; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="collections-image-") as name:
        folder = Path(name)
        try:
            try:
                building.require_tools()
                building.make_base(folder)
            except building.CannotBuildError as error:
                console.print(f"! no image can be built here: {error}", style="yellow", markup=False, soft_wrap=True)
                console.print("! its steps are executed in a folder instead, by a Python of this machine")
                _in_a_folder(folder)
            else:
                _as_image()
        except (ImageError, RuntimeError, subprocess.CalledProcessError) as error:
            console.print(f"✗ {error}", style="red", markup=False)
            return 1
    return 0


def _as_image() -> None:
    started = time.monotonic()
    digests = [building.build(name) for name in NAMES]
    _say(f"built twice in {time.monotonic() - started:.0f} s")
    if len(set(digests)) != 1:
        raise ImageError(f"the same sources gave two images: {', '.join(digests)}")
    _say(f"the same sources give the same image, {digests[0]}")
    with building.container_of(NAMES[0]) as (container, root):
        _show(measure(root / "var" / "task"))
        _require_sound(root / "var" / "task")
        with RuntimeApi() as api, ExitStack() as stack:
            process = building.start(container, NAMES[0], _environment(api))
            stack.callback(_end, process)
            _require_answer(api)


def _in_a_folder(folder: Path) -> None:
    task = scratch.build(folder)
    _show(measure(task), judged=False)
    with RuntimeApi() as api, ExitStack() as stack:
        stack.callback(_end, scratch.start(task, _environment(api)))
        _require_answer(api)


def _environment(api: RuntimeApi) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "image",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "POWERTOOLS_METRICS_NAMESPACE": "Collections",
    }


def _require_answer(api: RuntimeApi) -> None:
    started = time.monotonic()
    try:
        answer = api.invoke(gateway_event("GET", "/version", None, {}, b"", None, {}), SECONDS)
    except queue.Empty:
        raise ImageError(f"the entry point did not answer within {SECONDS} s") from None
    if answer.kind != "response" or answer.body["statusCode"] != 200:
        raise ImageError(f"the entry point answered with {answer.kind}: {str(answer.body)[:500]}")
    _say(f"its entry point answers GET /version after {time.monotonic() - started:.1f} s: {answer.body['body']}")


def _require_sound(task_root: Path) -> None:
    if found := faults(task_root):
        raise ImageError("\n".join([f"{len(found)} things are not as they should be in the image:", *found[:SHOWN]]))
    _say("all of it is compiled, readable by everybody and writable by nobody, and holds no build tools")


def _show(contents: Contents, *, judged: bool = True) -> None:
    """Raises `ImageError` when it is too large; not where another Python's packages are measured."""
    table = Table("in our layers", "MB", box=None, header_style="bold", pad_edge=False)
    for name, size in list(contents.parts.items())[:SHOWN]:
        table.add_row(name, f"{size / MEGABYTE:.1f}")
    rest = sum(list(contents.parts.values())[SHOWN:])
    table.add_row(f"{len(contents.parts) - SHOWN} others", f"{rest / MEGABYTE:.1f}")
    console.print(table)
    sizes = (
        f"{contents.unpacked / MEGABYTE:.0f} MB unpacked (limit {UNPACKED_LIMIT / MEGABYTE:.0f}), "
        f"{contents.compressed / MEGABYTE:.0f} MB compressed (limit {COMPRESSED_LIMIT / MEGABYTE:.0f})"
    )
    if judged and not contents.within_limits:
        raise ImageError(sizes)
    _say(sizes)


def _say(text: str) -> None:
    console.print(f"[green]✓[/green] {text}", soft_wrap=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
