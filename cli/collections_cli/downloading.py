"""Downloading a file: it is there whole, or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from collections_cli.failures import UnreachableError

if TYPE_CHECKING:
    from rich.console import Console


def download(url: str, file: Path, http: httpx.Client, console: Console) -> int:
    """Put what is at `url` into `file`, which is replaced in one step; its size in bytes.

    Raises `UnreachableError` and `OSError`, and leaves nothing behind then.
    """
    columns = (BarColumn(20, complete_style="green"), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with (
            os.fdopen(descriptor, "wb") as part,
            http.stream("GET", url) as answer,
            Progress(TextColumn(file.name), *columns, console=console, transient=True) as progress,
        ):
            answer.raise_for_status()
            task = progress.add_task("", total=int(answer.headers.get("content-length", 0)) or None)
            for piece in answer.iter_bytes():
                part.write(piece)
                progress.advance(task, len(piece))
            part.flush()
            size = part.tell()
        Path(name).replace(file)
    except httpx.HTTPError as error:
        Path(name).unlink(missing_ok=True)
        raise UnreachableError(f"The download broke off, and nothing was kept: {error}. Run it again.") from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return size
