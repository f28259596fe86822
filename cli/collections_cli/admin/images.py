"""`collections admin reprocess` and `reindex`: images on their way again."""

from __future__ import annotations

from typing import Annotated

import typer

from collections_cli.admin.operating import StackName, Stage, operating
from collections_cli.failures import UsageError
from collections_cli.options import Yes
from collections_cli.terminal import counted, messages, say

Of = Annotated[str | None, typer.Option("--user", metavar="EMAIL", help="Only this person's images.")]
Only = Annotated[list[str] | None, typer.Option("--item", metavar="ID", help="Only this image; again for more.")]
Everybody = Annotated[bool, typer.Option("--everybody", help="All images of the stack.")]


def reprocess(
    stack: StackName,
    stage: Annotated[Stage, typer.Option(help="Where they enter the pipeline.")],
    user: Of = None,
    item: Only = None,
    everybody: Everybody = False,
    yes: Yes = False,
) -> None:
    """Send images through the pipeline again from a stage on.

    Processing and embedding do what is not done yet. Analysis asks the model anew, and is paid anew.
    """
    _send(stack, stage, user, item or [], everybody=everybody, yes=yes)


def reindex(
    stack: StackName, user: Of = None, item: Only = None, everybody: Everybody = False, yes: Yes = False
) -> None:
    """Embed anew what an older embedding model, or an older analysis, has embedded. What is current stays."""
    _send(stack, Stage.EMBEDDING, user, item or [], everybody=everybody, yes=yes)


def _send(name: str, stage: Stage, user: str | None, items: list[str], *, everybody: bool, yes: bool) -> None:
    with operating():
        from collections_cli.admin.pipeline import Pipeline
        from collections_cli.admin.stack import Stack
        from collections_cli.admin.users import Users

        if sum((bool(user), bool(items), everybody)) != 1:
            raise UsageError("Say whose: --user EMAIL, --item ID, or --everybody.")
        stack = Stack.load(name)
        pipeline = Pipeline.of(stack)
        with messages().status("Listing images …"):
            owner = Users.of(stack).subject(user) if user else None
            found = pipeline.images(owner, set(items))
        if not found:
            say("There are no such images.")
            return
        paid = ", which is paid anew" if stage is Stage.ANALYSIS else ""
        if not yes:
            typer.confirm(
                f"Send {counted(len(found), 'image', 'images')} to {stage.value} on stack {name}{paid}?",
                abort=True,
                err=True,
            )
        sent = pipeline.send(found, stage.value)
    say(f"{counted(sent, 'image is', 'images are')} on {'its' if sent == 1 else 'their'} way to {stage.value}.")
