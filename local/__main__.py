"""The local stack as a command.

python -m local demo [--samples N]   # start, upload samples/, search, stop
python -m local up [--samples N]     # the same, and stay up until Ctrl-C
"""

from __future__ import annotations

import argparse
import signal
import sys
from typing import TYPE_CHECKING

from pulumi import RunError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from collections_cli.client import ApiError, Client, UnreachableError
from local import demo
from local.console import PhaseDisplay
from local.lock import StackInUseError
from local.ports import PortError, Ports
from local.postgres import PostgresError
from local.processes import ProcessError
from local.program import ConfigError
from local.provisioner.engine import ProvisionError
from local.stack import CHECKOUT, LocalStack

if TYPE_CHECKING:
    from collections.abc import Sequence

EXPECTED = (
    ApiError,
    ConfigError,
    demo.DemoError,
    PortError,
    PostgresError,
    ProcessError,
    ProvisionError,
    RunError,
    StackInUseError,
    UnreachableError,
)
"""What can go wrong on a person's machine; each says what to do about it, so that no stack trace is needed."""

INTERRUPTED = 130
WIDTH = 110
"""Columns where the output is no terminal."""


def main(arguments: Sequence[str]) -> int:
    """Run as a command; returns the exit code."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH, record=options.picture is not None)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # `kill` stops everything in order, as Ctrl-C does
    stays_up = options.command == "up"
    try:
        with LocalStack(ports=Ports.from_environment(), progress=PhaseDisplay(console)) as stack:
            _use(console, stack, options.samples)
            if options.picture:
                console.save_svg(options.picture, title="make demo")
            if stays_up:
                console.print("Ctrl-C stops it; what you upload is still there the next time.")
                stack.watch()
    except KeyboardInterrupt:
        console.print("\nstopped; what was uploaded is kept until `make clean`")
        return 0 if stays_up else INTERRUPTED
    except EXPECTED as error:
        console.print(Text("\n✗ ", style="red").append(str(error), style="default"))
        return 1
    return 0


def _use(console: Console, stack: LocalStack, count: int | None) -> None:
    """Upload the samples, wait for them, search, and say how a person gets in."""
    user = stack.demo_user
    token = stack.token(user.email, user.password)
    with Client(stack.api_url, lambda: token) as client:
        samples = demo.upload(client, demo.sample_files(CHECKOUT / "samples", count))
        demo.wait_until_searchable(console, client, samples, stack.require_alive)
        demo.search(console, client)
    access = Table.grid(padding=(0, 2))
    for name, value in (
        ("gallery", f"{stack.api_url}/"),
        ("API", stack.api_url),
        ("email", user.email),
        ("password", user.password),
    ):
        access.add_row(Text(name, style="bold"), Text(value))
    console.print()
    console.print(access)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole stack on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, purpose in (("demo", "start, upload samples/, search, stop"), ("up", "the same, and stay up")):
        command = commands.add_parser(name, help=purpose)
        command.add_argument("--samples", type=_positive, metavar="N", help="upload only the first N samples")
        command.add_argument("--picture", metavar="FILE", help="save what was shown as an SVG, for the documentation")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
