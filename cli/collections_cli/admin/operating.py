"""What the operators' commands share."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from collections_cli.exits import Exit
from collections_cli.terminal import explained, say

StackName = Annotated[str, typer.Option("--stack", help="local, dev, test or prod.")]


class Stage(StrEnum):
    """A step of the pipeline."""

    PROCESSING = "processing"
    ANALYSIS = "analysis"
    EMBEDDING = "embedding"


@contextmanager
def operating() -> Generator[None]:
    """Tell what went wrong in a sentence, and end with the exit code of its kind."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError

        with explained(BotoCoreError, ClientError):
            yield
    except ModuleNotFoundError as error:
        say(f"collections: {error.name} is missing. Install the operators' part: pip install './cli[admin]'", "red")
        raise typer.Exit(Exit.THIS_MACHINE) from error
