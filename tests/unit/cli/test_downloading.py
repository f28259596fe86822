"""A download is there whole, or not at all."""

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from collections_cli.downloading import download
from collections_cli.exits import Exit
from collections_cli.failures import UnreachableError, exit_of, sentence

URL = "https://bucket.example/export.zip"
CONSOLE = Console(file=io.StringIO())


def http(response: httpx.Response) -> httpx.Client:
    return httpx.Client(transport=httpx.MockTransport(lambda _: response))


def test_the_file_is_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "all.zip"

    assert download(URL, file, http(httpx.Response(200, content=b"zip" * 1000)), CONSOLE) == 3000

    assert file.read_bytes() == b"zip" * 1000
    assert list(tmp_path.iterdir()) == [file]


class Breaking(httpx.SyncByteStream):
    """Breaks off in the middle."""

    def __iter__(self) -> Iterator[bytes]:
        yield b"half"
        raise httpx.ReadError("connection reset")


@pytest.mark.parametrize("response", [httpx.Response(200, stream=Breaking()), httpx.Response(403)])
def test_what_breaks_off_leaves_nothing_and_what_was_there_before(tmp_path: Path, response: httpx.Response) -> None:
    file = tmp_path / "all.zip"
    file.write_text("of last week")

    with pytest.raises(UnreachableError, match="nothing was kept"):
        download(URL, file, http(response), CONSOLE)

    assert file.read_text() == "of last week"
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_leaves_nothing_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, content: Any, /) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "all.zip")

    def full(descriptor: int, mode: str) -> Full:
        os.close(descriptor)
        return Full()

    monkeypatch.setattr(os, "fdopen", full)

    with pytest.raises(OSError, match="No space left") as failed:
        download(URL, tmp_path / "all.zip", http(httpx.Response(200, content=b"zip")), CONSOLE)

    assert list(tmp_path.iterdir()) == []
    assert sentence(failed.value).startswith("The disk is full: all.zip. Nothing half-written was left; make room")
    assert exit_of(failed.value) is Exit.THIS_MACHINE
