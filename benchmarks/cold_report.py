"""How fast functions start, as a page and as JSON.

python -m benchmarks.cold_report 10    # measure that alone, ten times each, and write it
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks import results, warm
from benchmarks.cold_start import AIMS, ROUNDS, ColdStart, ColdStarts, measure
from benchmarks.imports import REASONS, Cost
from benchmarks.paths import CHECKOUT
from benchmarks.report import machine, table
from tests.image import scratch
from tests.image.contents import COMPRESSED_LIMIT, MEGABYTE, UNPACKED_LIMIT, Contents

DOCUMENT = CHECKOUT / "docs" / "performance.md"
SHOWN_FROM = 0.02
"""Of what a function's imports take: packages with less are shown together."""

_INTRODUCTION = """# Performance

`make bench` measures again and writes this page, and the same as [JSON](benchmarks.json). It is about the time that
somebody waits for a function that did not run, and for one that runs; [how fast images are made](benchmarks.md) and
[how fast search is](benchmarks-search.md) have pages of their own.

## Cold starts

From the start of the process to its first answer, under AWS's own runtime client, which talks to a runtime API on this
machine. *Init* ends when the client asks for work; the *first invocation* finds a real PostgreSQL, an emulated AWS and
vendors' stand-ins that answer at once, so that what is left is ours: connections, clients, the first statements. Files
are the image's own, compiled and slimmed as the Dockerfile says, and nothing else of this machine's; so is the Python,
where this machine has that version, which the last table names.

What a function does with much to do is not measured here: the image has 64 pixels a side, for
[making images](benchmarks.md), or looking at them in Claude's stead, is work and no start. The sweeper finds queues and
a bucket without anything in them, the batcher no batch, the worker an account without images, and migrate a database
that has its schema. For these four nobody waits.

A handler that imports nothing and returns nothing is the *bare client*. Functions take turns with it, so that whatever
else the machine does befalls all alike: read the multiples of the bare client, not the milliseconds. Each figure is the
median of many starts, with the middle half of them in brackets. What counts is how long somebody waits; the *processor
time* beside it is that of the function's process alone, as a multiple of the bare client's too, and hardly changes with
the load that the last table names.
"""

_ARRANGED = """## What keeps starts short

- **No function has an ORM.** SQLModel and SQLAlchemy would take a third of the API's imports. Statements are written
  down where their subject is: `runtime/items.py` and its neighbours take a connection in a transaction, whosever it
  is. The tables are SQLModel's classes (`runtime/models.py`), with which tests compare what migrations make.
- **No garbage is looked for while importing.** `runtime/handlers/__init__.py` stops the collector, and when the handler
  is made, everything that is there is exempt from it for good.
- **Vendors are called where that is their function's work.** The analyzer imports Anthropic's SDK at its start, when
  Lambda gives it whole processors; the API, which may never need it, with the first question. Voyage's API is
  called by `runtime/voyage.py`, since its SDK brings forty packages.
- **Events, settings and rows are checked by msgspec**, which is imported in a tenth of the time that pydantic takes.
  The image processor and the sweeper have nothing else. FastAPI and the Anthropic SDK are made of pydantic: there a
  validator is made when the first of what it validates comes (`runtime/deferred.py`), for a function sees few of them.
- **Pillow loads the formats that are let in**, not the forty more that it looks through for one that it does not know.
- **AWS's services are called by their own HTTP APIs** (`runtime/aws/`), where a start leads to it: importing botocore
  and making the first clients took a quarter of a start. What is sent and read is the same to the byte, as tests
  compare (`tests/unit/aws`). botocore is imported where it is called: for large objects in parts, chats and accounts.
- **Everything is compiled** while the image is built, by hash and not by time, which an image builder would change.
- **Of botocore's data the image has what calls need** (`runtime/slim.py`): the services and operations that are called,
  of 400 and of a hundred each, without their manuals, and the services' addresses.

`tests/unit/pipeline/test_imports.py` starts each function in a process of its own: a package that takes long and is
not needed there fails it, and so does a number of modules that differs by more than a twentieth from
`benchmarks/baseline.json`. That has the statements of each operation of the API too.
"""

UNPACKED, COMPRESSED = "unpacked", "compressed"
_LIBRARIES = """## What the libraries take by themselves

Processes under the same client, in the same rounds, that only import what the sweeper and the image processor are made
of, and use it once. What those two take beyond the last line is theirs.
"""

_SIZES = f"""## What is installed

Our layers of the image, on top of AWS's base: packages and our own code, slimmed and compiled as the Dockerfile says.
`make image` refuses more than {UNPACKED_LIMIT // MEGABYTE} MB, or {COMPRESSED_LIMIT // MEGABYTE} MB compressed.

"""

_IMPORTS = """## What is imported, and why

By `python -X importtime`, which itself makes imports slower: read the shares. Packages are counted with those that are
imported for their sake.
"""

TITLES = {
    "sweeper": "Sweeper",
    "image_processor": "Image processor",
    "embedder": "Embedder",
    "analyzer": "Analyzer",
    "api": "API",
    "batcher": "Batcher",
    "worker": "Worker",
    "migrate": "Migrate",
}
"""Functions whose imports are listed, by their handlers."""


def section_of_starts(starts: Sequence[ColdStart]) -> str:
    """The table of what was measured beside the aims."""
    rows = [
        [
            each.name,
            *(f"{of.median:.1f} ({of.low:.1f}-{of.high:.1f})" for of in (each.ratio, each.processor_ratio)),
            f"{AIMS[each.name]}" if each.name in AIMS else "",
            _verdict(each),
            f"{each.init.median:.0f}",
            f"{each.first.median:.0f}",
        ]
        for each in starts
    ]
    header = ["", "times the bare client", "its processor time", "at most", "", "init, ms", "first invocation, ms"]
    return table(header, rows)


def section_of_libraries(starts: Sequence[ColdStart]) -> str:
    """A table of them."""
    rows = [[each.name, f"{each.ratio.median:.1f}", f"{each.processor_ratio.median:.1f}"] for each in starts]
    return _LIBRARIES + "\n" + table(["", "times the bare client", "its processor time"], rows)


def section_of_imports(costs: Mapping[str, Mapping[str, Cost]]) -> str:
    """A table for each function."""
    parts = [_IMPORTS]
    for handler, of_packages in costs.items():
        whole = sum(cost.microseconds for cost in of_packages.values())
        ordered = sorted(of_packages.items(), key=lambda each: -each[1].microseconds)
        shown = [each for each in ordered if each[1].microseconds >= SHOWN_FROM * whole]
        rows = [
            [name, f"{cost.microseconds / whole:.0%}", f"{cost.modules}", REASONS.get(name, "")] for name, cost in shown
        ]
        rest = [cost for _, cost in ordered[len(shown) :]]
        share = sum(cost.microseconds for cost in rest) / whole
        rows.append(["others", f"{share:.0%}", f"{sum(cost.modules for cost in rest)}", ""])
        parts += [f"### {TITLES[handler]}\n", table(["", "share", "modules", "why"], rows)]
    return "\n".join(parts)


def section_of_sizes(installed: Contents) -> str:
    """What is in the image's layers, the large parts by name."""
    named = {name: size for name, size in installed.parts.items() if size >= SHOWN_FROM * installed.unpacked}
    sizes = {
        **named,
        "others": installed.unpacked - sum(named.values()),
        UNPACKED: installed.unpacked,
        COMPRESSED: installed.compressed,
    }
    return _SIZES + table(["", "MB"], [[name, f"{size / MEGABYTE:.1f}"] for name, size in sizes.items()])


def page(measured: ColdStarts) -> str:
    """The whole report in Markdown."""
    parts = [_INTRODUCTION, section_of_starts(measured.starts), section_of_libraries(measured.libraries), _ARRANGED]
    parts += [section_of_imports(measured.imports), section_of_sizes(measured.installed), warm.section(measured.warm)]
    parts += ["## Machine\n", table(["", ""], [[name, value] for name, value in _machine().items()])]
    return "\n".join(parts)


def write(measured: ColdStarts) -> bool:
    """Write page and figures; whether all aims were met."""
    starts, installed = measured.starts, measured.installed
    figures: dict[str, Any] = {
        "machine": _machine(),
        "cold_starts": {
            each.name: {
                "times_bare_client": each.ratio._asdict(),
                "times_its_processor_time": each.processor_ratio._asdict(),
                "at_most": AIMS.get(each.name),
                "init_ms": each.init._asdict(),
                "first_invocation_ms": each.first._asdict(),
            }
            for each in starts
        },
        "libraries": {
            each.name: {
                "times_bare_client": each.ratio._asdict(),
                "times_its_processor_time": each.processor_ratio._asdict(),
            }
            for each in measured.libraries
        },
        "imports": {
            handler: {name: cost._asdict() for name, cost in of_packages.items()}
            for handler, of_packages in measured.imports.items()
        },
        "running": warm.figures(measured.warm),
        "installed_bytes": {UNPACKED: installed.unpacked, COMPRESSED: installed.compressed, **installed.parts},
    }
    DOCUMENT.write_text(page(measured))
    results.keep("starts", figures)
    return all(_met(each) for each in starts)


def _met(start: ColdStart) -> bool:
    """Nobody waits for what has no aim."""
    return start.name not in AIMS or start.ratio.median <= AIMS[start.name]


def _verdict(start: ColdStart) -> str:
    if start.name not in AIMS:
        return ""
    return "met" if _met(start) else "MISSED"


def _machine() -> dict[str, str]:
    """With the Python that the functions ran under."""
    known = {**machine(), "Python": scratch.version(scratch.interpreter())}
    return {name: value for name, value in known.items() if name not in {"Pillow", "libvips"}}


if __name__ == "__main__":
    sys.exit(0 if write(measure(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS)) else 1)
