"""What was measured, as a page for people and as JSON for machines."""

import dataclasses
import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, cast

import pyvips  # pyright: ignore[reportMissingTypeStubs]
from PIL import Image, features

from benchmarks.imaging import Aim, Comparison
from benchmarks.timing import Spread, Times

_INTRODUCTION = """# Benchmarks

`make bench` measures again and writes this page, and the same as [JSON](benchmarks.json). What is compared takes turns
in one run, so that whatever else the machine does befalls all alike: read the ratios, not the milliseconds. Each figure
is the median of many rounds, with the middle half of them in brackets; a ratio is that of the same rounds.

All make the same two files, a preview of at most 1568 pixels and a thumbnail of at most 400, as WebP of the same
quality and effort. Imaging, besides, decides by content what is let in, refuses damaged files, reads EXIF, converts
colours, and hashes the file and its look. *Processor* is the time of all threads together: a function with 2 GB has
little more than one processor. Memory is the resident peak of a process of its own, libraries included.
*Thumbnail only* makes one of the two files, and shows what the preview costs.

[How fast search is](benchmarks-search.md) has a page of its own.
"""
_HANDLER = """## The handler's own part

The image processor's handler on one screenshot, with a real PostgreSQL on this machine, and an S3 and an EventBridge
that answer at once: messages, transactions, signatures, logs and metrics.
"""


class Section(Protocol):
    """What was measured of something, as a part of the page."""

    name: ClassVar[str]
    """For machines."""

    def aims(self) -> list[Aim]:
        """Those that there are, reached or not."""
        ...

    def section(self) -> str:
        """In Markdown."""
        ...

    def values(self) -> dict[str, Any]:
        """For machines."""
        ...


def machine() -> dict[str, str]:
    """What it was measured on."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.+)", cpuinfo)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    vips = ".".join(str(cast("Any", pyvips).version(part)) for part in range(3))
    return {
        "processor": f"{os.cpu_count()} x {model[1] if model else platform.machine()}",
        "memory": f"{memory:.0f} GB",
        "system": f"{platform.system()}, {platform.machine()}",
        "Python": platform.python_version(),
        "Pillow": f"{Image.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}",
        "libvips": vips,
        "load": f"{os.getloadavg()[0]:.1f} processes waiting or running",
    }


def page(
    comparisons: Sequence[Comparison], handler: Mapping[str, Times], aims: Sequence[Aim], sections: Sequence[str]
) -> str:
    """The whole report in Markdown, with further `sections`."""
    parts = [
        _INTRODUCTION,
        table(
            ["aim", "at most", "measured", ""],
            [[a.what, f"{a.at_most:g}", f"{a.measured:.2f}", _verdict(a)] for a in aims],
        ),
    ]
    for each in comparisons:
        rows = [[row.contender, *map(shown, (row.processor, row.wall)), f"{row.megabytes:.0f}"] for row in each.rows]
        with_whom = each.case.compared_with
        parts += [
            f"## {each.case.title}, {each.size / 1e6:.1f} MB\n",
            table(["", "processor, ms", "wall, ms", "peak, MB"], rows),
            f"Imaging takes {shown(each.processor, 2)} times the processor time of {with_whom}, and "
            f"{shown(each.wall, 2)} times the wall time.\n",
        ]
    rows = [[name, *(shown(Spread.of(kind)) for kind in times)] for name, times in handler.items()]
    parts += [_HANDLER, table(["", "processor, ms", "wall, ms"], rows), *sections]
    parts += ["## Machine\n", table(["", ""], [[name, value] for name, value in machine().items()])]
    return "\n".join(parts)


def figures(
    comparisons: Sequence[Comparison],
    handler: Mapping[str, Times],
    aims: Sequence[Aim],
    others: Mapping[str, Any],
) -> dict[str, Any]:
    """The same for machines; `others` are those of further sections, by name."""
    cases = [
        {
            "case": each.case.title,
            "bytes": each.size,
            "compared_with": each.case.compared_with,
            "processor_ratio": each.processor._asdict(),
            "wall_ratio": each.wall._asdict(),
            "contenders": {
                row.contender: {
                    "processor_ms": row.processor._asdict(),
                    "wall_ms": row.wall._asdict(),
                    "peak_mb": row.megabytes,
                }
                for row in each.rows
            },
        }
        for each in comparisons
    ]
    overhead = {
        name: {f"{kind}_ms": Spread.of(values)._asdict() for kind, values in times._asdict().items()}
        for name, times in handler.items()
    }
    reached = [{**dataclasses.asdict(aim), "met": aim.met} for aim in aims]
    return {
        "machine": machine(),
        "aims": reached,
        "imaging": cases,
        "handler": overhead,
        **others,
    }


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """In Markdown, with columns that are even as text too."""
    widths = [max(3, *(len(line[column]) for line in (header, *rows))) for column in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "".join(f"| {' | '.join(map(str.ljust, line, widths))} |\n" for line in lines)


def put_between(document: Path, marks: tuple[str, str], text: str) -> None:
    """Write `text` into the document, in place of what is between the two marks. Raises `ValueError` where one of them
    is missing."""
    begin, end = marks
    before, begun, rest = document.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not begun or not ended:
        raise ValueError(f"{document.name} does not say where it goes: {begin} … {end}")
    document.write_text("\n\n".join([before + begin, text.strip(), end + after]), encoding="utf-8")


def shown(spread: Spread, digits: int = 0) -> str:
    """The middle, and the middle half in brackets."""
    return f"{spread.median:.{digits}f} ({spread.low:.{digits}f}-{spread.high:.{digits}f})"


def _verdict(aim: Aim) -> str:
    return "met" if aim.met else "MISSED"
