"""Uses the running stack as a person would: uploads the samples, waits until they can be found, and finds them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.live import Live
from rich.table import Table
from rich.text import Text

from collections_cli.client import CONTENT_TYPES, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rich.console import Console

    from collections_cli.resources import Item, SearchResponse

QUERIES = (
    "how much did I pay for the sourdough",
    "error message from the database migration",
    "京都の坂",
)
"""One answered by words on a photographed receipt, one by a screenshot of a terminal, one by Japanese text."""

RESULTS_SHOWN = 3
HEADLINE_WIDTH = 54
"""Columns; a longer headline ends in an ellipsis."""
TIMEOUT_SECONDS = 300
SETTLED = {"searchable", "duplicate", "failed"}

_UPLOADS_AT_ONCE = 4
_POLL_SECONDS = 0.5
_STYLES = {"searchable": "green", "duplicate": "green", "failed": "red"}


class DemoError(Exception):
    """Not every sample became searchable; the message says which, and why."""


@dataclass
class Sample:
    """A file, and what has become of it."""

    path: Path
    item_id: str
    existed: bool
    """It was there from an earlier run."""
    uploaded_at: float
    item: Item | None = None
    seconds: float | None = None
    """From the end of the upload to searchable, as far as polling can tell."""

    @property
    def settled(self) -> bool:
        return self.item is not None and self.item["status"] in SETTLED


def sample_files(folder: Path, count: int | None) -> list[Path]:
    """The first `count` images in `folder` by name, or all of them. Raises DemoError if there are none."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in CONTENT_TYPES)[:count]
    if not files:
        raise DemoError(f"there are no images in {folder}")
    return files


def upload(client: Client, files: Sequence[Path]) -> list[Sample]:
    """Send all files straight to the bucket, several at once."""

    def send(path: Path) -> Sample:
        sent = client.upload(path)
        return Sample(path, sent.item_id, sent.existed, time.monotonic())

    with ThreadPoolExecutor(_UPLOADS_AT_ONCE) as pool:
        return list(pool.map(send, files))


def wait_until_searchable(
    console: Console, client: Client, samples: Sequence[Sample], still_alive: Callable[[], None]
) -> None:
    """Show the samples until each has come to its end.

    Raises DemoError if some failed or took too long, and whatever `still_alive` raises.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    with Live(console=console, get_renderable=lambda: _progress(samples), transient=True, refresh_per_second=8):
        while not all(sample.settled for sample in samples) and time.monotonic() < deadline:
            still_alive()
            _refresh(client, samples)
            time.sleep(_POLL_SECONDS)
    console.print(_outcome(samples))
    lost = [sample for sample in samples if sample.item is None or sample.item["status"] not in SETTLED - {"failed"}]
    if lost:
        raise DemoError("\n".join(f"{sample.path.name}: {_reason(sample)}" for sample in lost))


def search(console: Console, client: Client, queries: Sequence[str] = QUERIES) -> None:
    """Ask each query and show the best results."""
    for query in queries:
        console.print(_results(client.search(query, top_k=RESULTS_SHOWN)))


def _refresh(client: Client, samples: Sequence[Sample]) -> None:
    current = {item["id"]: item for item in client.items()}
    for sample in samples:
        was_settled = sample.settled
        sample.item = current.get(sample.item_id)
        if sample.settled and not was_settled and not sample.existed:
            sample.seconds = time.monotonic() - sample.uploaded_at


def _reason(sample: Sample) -> str:
    if sample.item is None:
        return "is not there any more"
    if sample.item["status"] == "failed":
        return f"failed in {sample.item['stage']}: {sample.item['error']}"
    return f"is still {sample.item['status']} after {TIMEOUT_SECONDS} s"


def _progress(samples: Sequence[Sample]) -> Table:
    table = Table.grid(padding=(0, 2))
    done = sum(sample.settled for sample in samples)
    table.add_row(Text("  analyse", style="cyan"), Text(f"{done} of {len(samples)} images", style="bold"))
    for sample in samples:
        if not sample.settled:
            status = sample.item["status"] if sample.item else "pending"
            waited = time.monotonic() - sample.uploaded_at
            table.add_row(Text(f"    {status}", style="dim"), Text(f"{sample.path.name}  {waited:.0f} s", style="dim"))
    return table


def _outcome(samples: Sequence[Sample]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left", title_style="bold", title="\nImages")
    table.add_column("file", no_wrap=True, max_width=28)
    table.add_column("status", no_wrap=True)
    table.add_column("what it is", no_wrap=True, max_width=HEADLINE_WIDTH)
    table.add_column("time", justify="right", no_wrap=True)
    for sample in samples:
        status = sample.item["status"] if sample.item else "lost"
        analysis = sample.item["latest_analysis"] if sample.item else None
        took = "had it" if sample.existed else "" if sample.seconds is None else f"{sample.seconds:.1f} s"
        table.add_row(
            sample.path.name,
            Text(status, style=_STYLES.get(status, "yellow")),
            Text((analysis["headline"] or "") if analysis else _reason(sample)),
            took,
        )
    return table


def _results(found: SearchResponse) -> Table:
    title = f"\nSearch: {found['query']}"
    table = Table(box=None, padding=(0, 2, 0, 0), title_justify="left", title_style="bold", title=title)
    table.show_header = bool(found["results"])
    table.add_column("", justify="right")
    table.add_column("score", justify="right")
    table.add_column("category", no_wrap=True)
    table.add_column("what it is", no_wrap=True, max_width=HEADLINE_WIDTH)
    for result in found["results"]:
        table.add_row(str(result["rank"]), f"{result['score']:.3f}", result["category"], result["headline"])
    said = f"{found['search_type']}, {found['retrieval_time_ms']:.0f} ms"
    table.caption = said if found["results"] else f"nothing like it among your images; {said}"
    table.caption_justify = "left"
    return table
