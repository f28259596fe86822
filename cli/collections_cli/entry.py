"""Where the command `collections` begins. What needs no command is answered before any framework is imported: that
alone takes longer than all of `--help`."""

import sys

from collections_cli.catalogue import help_text


def main() -> None:
    """Run the command that the process was started with."""
    arguments = sys.argv[1:]
    if arguments in ([], ["--help"], ["-h"]):
        sys.stdout.write(help_text())
        return
    if arguments == ["--version"]:
        from collections_cli.catalogue import version

        sys.stdout.write(f"{version()}\n")
        return
    from collections_cli.main import app

    app(prog_name="collections")
