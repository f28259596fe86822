"""A zip file that is written to S3 while it is made, in memory that does not grow with it."""

import io
import json
import zipfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from types import TracebackType
from typing import IO, Any, Self

from runtime.storage import ImageStore, MultipartUpload

CHUNK_BYTES = 8 * 1024 * 1024
"""Of one part of the upload; S3 takes 5 MB at least, and 10,000 parts."""


class _UploadSink(io.RawIOBase):
    """Takes bytes in order, and sends them on a chunk at a time."""

    def __init__(self, upload: MultipartUpload) -> None:
        self._upload = upload
        self._waiting = bytearray()
        self.written = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._waiting += data
        self.written += len(data)
        while len(self._waiting) >= CHUNK_BYTES:
            self._upload.send(bytes(self._waiting[:CHUNK_BYTES]))
            del self._waiting[:CHUNK_BYTES]
        return len(data)

    def finish(self) -> None:
        """Send what waits, and have the object appear."""
        self._upload.send(bytes(self._waiting))
        self._waiting.clear()
        self._upload.complete()


class Archive:
    """A zip file below construction. The object appears when the block ends well, and not at all when it raises; what
    was sent until then is removed by the bucket's own rule."""

    def __init__(self, store: ImageStore, key: str) -> None:
        self._sink = _UploadSink(store.begin_upload(key, "application/zip"))
        # Images are compressed already. What is not seekable gets sizes behind each entry, and ZIP64 where needed.
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_STORED)  # pyright: ignore[reportArgumentType]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._zip.close()
            self._sink.finish()
        else:
            # Collected as garbage, it would write its end.
            self._zip.fp = None

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._sink.written

    def add_json(self, name: str, content: object) -> None:
        """A JSON file."""
        with self._entry(name) as entry:
            entry.write(json.dumps(content, ensure_ascii=False, indent=1, default=str).encode())

    def add_json_lines(self, name: str, rows: Iterable[object]) -> None:
        """A file with a row's JSON on each line."""
        with self._entry(name) as entry:
            for row in rows:
                entry.write(json.dumps(row, ensure_ascii=False, default=str).encode() + b"\n")

    def add_file(self, name: str, chunks: Iterable[bytes]) -> None:
        """A file as it is."""
        with self._entry(name) as entry:
            for chunk in chunks:
                entry.write(chunk)

    @contextmanager
    def _entry(self, name: str) -> Generator[IO[bytes]]:
        with self._zip.open(name, "w", force_zip64=True) as entry:
            yield entry
