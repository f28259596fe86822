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
Batch = Annotated[bool, typer.Option("--batch", help="Analyse within a day, at half the price.")]
Everybody = Annotated[bool, typer.Option("--everybody", help="All images of the stack.")]


def reprocess(
    stack: StackName,
    stage: Annotated[Stage, typer.Option(help="Where they enter the pipeline.")],
    user: Of = None,
    item: Only = None,
    everybody: Everybody = False,
    batch: Batch = False,
    yes: Yes = False,
) -> None:
    """Send images through the pipeline again from a stage on.

    Processing and embedding do what is not done yet. Analysis asks the model anew, and is paid anew; with --batch it
    may take a day, and costs half.
    """
    _send(stack, stage, user, item or [], everybody=everybody, batch=batch, yes=yes)


def reindex(
    stack: StackName, user: Of = None, item: Only = None, everybody: Everybody = False, yes: Yes = False
) -> None:
    """Embed anew what an older embedding model, or an older analysis, has embedded. What is current stays."""
    _send(stack, Stage.EMBEDDING, user, item or [], everybody=everybody, batch=False, yes=yes)


def _send(
    name: str, stage: Stage, user: str | None, items: list[str], *, everybody: bool, batch: bool, yes: bool
) -> None:
    with operating():
        from collections_cli.admin.pipeline import Pipeline
        from collections_cli.admin.prices import analysis_price
        from collections_cli.admin.stack import Stack
        from collections_cli.admin.users import Users

        if sum((bool(user), bool(items), everybody)) != 1:
            raise UsageError("Say whose: --user EMAIL, --item ID, or --everybody.")
        if batch and stage is not Stage.ANALYSIS:
            raise UsageError("Only analyses are done in batches: --stage analysis --batch.")
        stack = Stack.load(name)
        pipeline = Pipeline.of(stack)
        with messages().status("Listing images …"):
            owner = Users.of(stack).subject(user) if user else None
            found = pipeline.images(owner, set(items))
        if not found:
            say("There are no such images.")
            return
        if stage is Stage.ANALYSIS:
            say(analysis_price(pipeline.analysis_model(stack), len(found), batch=batch))
        paid = ", which is paid anew" if stage is Stage.ANALYSIS else ""
        if not yes:
            typer.confirm(
                f"Send {counted(len(found), 'image', 'images')} to {stage.value} on stack {name}{paid}?",
                abort=True,
                err=True,
            )
        sent = pipeline.send(found, stage.value, batch=batch)
    within = ", which may take a day" if batch else ""
    say(f"{counted(sent, 'image is', 'images are')} on {'its' if sent == 1 else 'their'} way to {stage.value}{within}.")
