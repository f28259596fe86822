"""Speaking to a person on the terminal, and to programs on standard output. Rich is imported when it is used."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from collections_cli.exits import Exit
from collections_cli.failures import ApiError, ExpectedError, exit_of, sentence

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_WIDE = 120
"""Columns where the output is no terminal: lines of a file wrap where a program does not expect it."""


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else _WIDE
    return Console(stderr=stderr, highlight=False, width=width)


def output() -> Console:
    """What was asked for."""
    return _console(stderr=False)


def messages() -> Console:
    """What is told besides: never in the way of what was asked for."""
    return _console(stderr=True)


def show(what: RenderableType) -> None:
    """Print what was asked for; text is taken as it is."""
    output().print(what, markup=False)


def say(text: str, style: str | None = None) -> None:
    """Tell the person something, in one line that can be copied."""
    messages().print(text, style=style, markup=False, soft_wrap=True)


def show_json(value: Any) -> None:
    """Print `value` as JSON: the only thing on standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def explained(*others: type[Exception]) -> Generator[None]:
    """Tell what went wrong in one sentence, and end with the exit code of its kind. `others` are refusals too."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (ExpectedError, OSError, *others) as error:
        code = Exit.REFUSED if isinstance(error, others) else exit_of(error)
        say(f"collections: {sentence(error)}", "red")
        if isinstance(error, ApiError) and error.request_id:
            say(f"request id: {error.request_id}", "dim")
        raise typer.Exit(code) from error


def counted(number: int, one: str, many: str) -> str:
    """`1 image`, `12 images`."""
    return f"{number:,} {one if number == 1 else many}"
