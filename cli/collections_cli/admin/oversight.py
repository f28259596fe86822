"""`collections admin logs` and `backup-check`: what a stack did, and whether it could be restored."""

from __future__ import annotations

from typing import Annotated

import typer

from collections_cli.admin.operating import StackName, operating
from collections_cli.exits import Exit
from collections_cli.options import AsJson
from collections_cli.terminal import messages, output, say, show_json


def logs(
    stack: StackName,
    item: Annotated[str, typer.Option("--item", metavar="ID", help="The image, or any correlation or request id.")],
    since: Annotated[str, typer.Option(metavar="AGE", help="How far back: 30m, 24h, 7d.")] = "24h",
    as_json: AsJson = False,
) -> None:
    """Show one image's whole story across all functions, in the order of time."""
    with operating():
        from collections_cli.admin.stack import Stack
        from collections_cli.admin.story import age, story_of

        deployed = Stack.load(stack)
        with messages().status("Reading the logs …"):
            lines = story_of(deployed.client("logs"), deployed.outputs["functions"], item, age(since))
    if as_json:
        show_json([line.values for line in lines])
        return
    if not lines:
        say(f"No function has said anything of {item} in the last {since}.")
        raise typer.Exit(Exit.NOT_FOUND)
    from collections_cli.admin.telling import show_story

    show_story(output(), lines, item)


def backup_check(stack: StackName, as_json: AsJson = False) -> None:
    """Look whether database, images and conversations could be restored, and to when."""
    with operating():
        from collections_cli.admin.backups import examine
        from collections_cli.admin.stack import Stack

        found = examine(Stack.load(stack))
    if as_json:
        show_json([vars(each) for each in found])
    else:
        for each in found:
            mark = "[green]✓[/]" if each.well else "[red]✗[/]"
            output().print(mark, f"{each.what:14}", end=" ")
            output().print(each.seen, markup=False, soft_wrap=True)
    if not all(each.well for each in found):
        say("Not everything could be restored: docs/operate.md says what to do.", "yellow")
        raise typer.Exit(Exit.INCOMPLETE)
