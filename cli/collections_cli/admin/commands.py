"""`collections admin`: what operators do to a stack."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from collections_cli.admin import images, oversight
from collections_cli.admin.operating import StackName, Stage, operating
from collections_cli.connection import http
from collections_cli.options import AsJson, command_group
from collections_cli.terminal import output, say, show_json

app = command_group("Operate a stack, with AWS credentials of your own.")
params = command_group("A stack's settings.")
user = command_group("Who may sign in.")
app.add_typer(params, name="params")
app.add_typer(user, name="user")

Email = Annotated[str, typer.Argument(metavar="EMAIL")]


@params.command("import")
def import_params(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Such as .env: NAME=value in each line.")],
    stack: StackName,
) -> None:
    """Set a stack's keys and addresses from an env file, in one go; keys are encrypted."""
    with operating():
        from collections_cli.admin.parameters import import_parameters

        done = import_parameters(file, stack)
    for name in done.secrets:
        typer.echo(f"set, encrypted   {name}")
    for name in done.plain:
        typer.echo(f"set              {name}")
    for name in done.empty:
        typer.echo(f"empty, not set   {name}")
    for name in done.ignored:
        typer.echo(f"no setting       {name}")
    say(f"Stack {stack} has them after: pulumi up --stack {stack}")


@user.command("create")
def create_user(
    email: Email,
    stack: StackName,
    password: Annotated[
        bool, typer.Option("--password", help="Choose the password (or COLLECTIONS_PASSWORD) instead of mailing one.")
    ] = False,
) -> None:
    """Let somebody in. Cognito mails them a password for the first sign-in."""
    with operating():
        from collections_cli.admin.stack import Stack
        from collections_cli.admin.users import Users

        users = Users.of(Stack.load(stack))
        if password:
            chosen = os.environ.get("COLLECTIONS_PASSWORD") or typer.prompt(
                "Password", hide_input=True, confirmation_prompt=True
            )
            users.create(email, chosen)
        else:
            users.invite(email)
    say(f"{email} may sign in." if password else f"{email} may sign in, with the password in their mail.")


@user.command("disable")
def disable_user(email: Email, stack: StackName) -> None:
    """Let somebody in no more. What they keep stays; a token that they hold is good for an hour at most."""
    with operating():
        from collections_cli.admin.stack import Stack
        from collections_cli.admin.users import Users

        Users.of(Stack.load(stack)).disable(email)
    say(f"{email} cannot sign in any more.")


@user.command("enable")
def enable_user(email: Email, stack: StackName) -> None:
    """Let somebody in again."""
    with operating():
        from collections_cli.admin.stack import Stack
        from collections_cli.admin.users import Users

        Users.of(Stack.load(stack)).enable(email)
    say(f"{email} may sign in again.")


@user.command("list")
def list_users(stack: StackName, as_json: AsJson = False) -> None:
    """Show who may sign in."""
    with operating():
        from collections_cli.admin.stack import Stack
        from collections_cli.admin.users import Users

        people = list(Users.of(Stack.load(stack)))
    if as_json:
        show_json([vars(person) for person in people])
        return
    from collections_cli import display

    display.show_rows(output(), [{**vars(person), "enabled": "yes" if person.enabled else "no"} for person in people])


@app.command()
def outputs(
    stack: StackName,
    as_json: AsJson = False,
    environment: Annotated[bool, typer.Option("--env", help="Print what tests/e2e needs, as NAME=value.")] = False,
) -> None:
    """Show what a stack exports: its addresses and names."""
    with operating():
        from collections_cli.admin.stack import Stack

        deployed = Stack.load(stack)
    if environment:
        for name, value in deployed.environment().items():
            typer.echo(f"{name}={value}")
    elif as_json:
        show_json(deployed.outputs)
    else:
        from collections_cli import display

        texts = {
            name: json.dumps(value) if isinstance(value, dict) else value for name, value in deployed.outputs.items()
        }
        display.show_sheet(output(), texts)


@app.command()
def smoke(stack: StackName) -> None:
    """Upload an image as a user of its own, find it, delete it; leave nothing behind."""
    with operating(), http() as connection:
        from collections_cli.admin import smoke as test
        from collections_cli.admin.stack import Stack

        test.smoke(Stack.load(stack), connection, lambda step: output().print(f"[green]✓[/] {step}"))
    say(f"Stack {stack} works.")


@app.command()
def redrive(stack: StackName, stage: Annotated[Stage, typer.Option(help="Whose messages were given up.")]) -> None:
    """Move a stage's dead letters back to its queue, once the cause is gone."""
    with operating():
        from collections_cli.admin.redrive import redrive as move
        from collections_cli.admin.stack import Stack

        deployed = Stack.load(stack)
        result = move(deployed.client("lambda"), deployed.client("sqs"), deployed.name, stage.value)
    output().print(f"moved {result.moved} messages back to the queue of {stage.value} on stack {stack}")
    if result.returned:
        output().print(f"{result.returned} came back at once: nobody understands them; look at them in the queue")


for command in (images.reprocess, images.reindex, oversight.logs):
    app.command()(command)
app.command("backup-check")(oversight.backup_check)
