"""`collections doctor`."""

from typing import TYPE_CHECKING, Any

import typer

from collections_cli.connection import http
from collections_cli.exits import Exit
from collections_cli.options import AsJson, Profile, command_group
from collections_cli.terminal import explained, output, say, show_json

if TYPE_CHECKING:
    from collections_cli.diagnosis import Finding

app = command_group()


@app.command()
def doctor(profile: Profile = None, as_json: AsJson = False) -> None:
    """Look at profile, network, clock, service and session in turn, and say what to do about what is wrong."""
    from collections_cli.diagnosis import examine

    found: list[Finding] = []
    with explained(), http() as connection:
        for finding in examine(profile, connection):
            found.append(finding)
            if not as_json:
                _tell(finding)
    wrong = [finding for finding in found if not finding.well]
    if as_json:
        show_json([_values(finding) for finding in found])
    else:
        say("Do this, then run it again." if wrong else "All is well.", None if wrong else "green")
    if wrong:
        raise typer.Exit(wrong[0].exit)


def _tell(finding: "Finding") -> None:
    from rich.text import Text

    mark = Text("✓ ", "green") if finding.well else Text("✗ ", "red")
    output().print(mark.append(f"{finding.what:12}", "bold").append(finding.seen, "default"), soft_wrap=True)
    if finding.remedy:
        output().print(Text(f"  → {finding.remedy}", "yellow"), soft_wrap=True)


def _values(finding: "Finding") -> dict[str, Any]:
    values: dict[str, Any] = vars(finding)
    return {**values, "exit": int(Exit(finding.exit))}
