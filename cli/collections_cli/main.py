"""The command `collections`."""

import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from collections_cli import display
from collections_cli.admin import commands as admin
from collections_cli.client import (
    CONTENT_TYPES,
    ApiError,
    Client,
    UnreachableError,
    UnsupportedFileError,
    http_client,
)
from collections_cli.cognito import Question, SignInError
from collections_cli.session import NotSignedInError, Session, session_file
from collections_cli.srp import InvalidChallengeError

app = typer.Typer(
    help="Keep images in Collections and find them again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(admin.app, name="admin")
output = Console()
messages = Console(stderr=True)

EXPECTED = (
    ApiError,
    InvalidChallengeError,
    NotSignedInError,
    OSError,
    SignInError,
    UnreachableError,
    UnsupportedFileError,
)
"""What can go wrong without a mistake in this program: told in a sentence, exit code 1."""


class By(StrEnum):
    """How to search."""

    HYBRID = "hybrid"
    BM25 = "bm25"
    VECTOR = "vector"


AsJson = Annotated[bool, typer.Option("--json", help="Print what the API answered, for other programs.")]
Category = Annotated[str | None, typer.Option(help="Only this category, such as Travel.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="Items, as `collections list` shows them.")]


@app.command()
def login(
    api: Annotated[str, typer.Option(help="Address of the API.", metavar="URL")],
    email: Annotated[str, typer.Option(help="Your address in the user pool.")],
) -> None:
    """Sign in; the session is kept in a file that only you can read.

    The password is asked for, or taken from COLLECTIONS_PASSWORD.
    """
    with _explained(), http_client() as http:
        password = os.environ.get("COLLECTIONS_PASSWORD") or typer.prompt("Password", hide_input=True)
        Session.start(api, email, password, ask=_ask, file=session_file(), http=http)
    _tell(f"Signed in as {email}.")


@app.command()
def upload(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="Images, or folders to look for images in.")],
    as_json: AsJson = False,
) -> None:
    """Upload images; those that you have already are not sent again."""
    uploaded: list[dict[str, object]] = []
    failed = 0
    with _signed_in() as client, _progress() as progress:
        files = _images(paths)
        task = progress.add_task("uploading", total=len(files))
        for path in files:
            progress.update(task, description=path.name)
            try:
                result = client.upload(path)
            except (ApiError, OSError, UnsupportedFileError) as error:
                failed += 1
                _tell(f"{path}: {error}", "red")
            else:
                uploaded.append({"path": str(path), "item_id": result.item_id, "existed": result.existed})
            progress.advance(task)
    if as_json:
        output.print_json(json.dumps(uploaded))
    else:
        new = sum(not entry["existed"] for entry in uploaded)
        output.print(f"{new} uploaded, {len(uploaded) - new} were there already, {failed} failed.")
    if failed:
        raise typer.Exit(1)


@app.command("list")
def list_items(
    status: Annotated[str | None, typer.Option(help="Only this state, such as failed.")] = None,
    category: Category = None,
    sort: Annotated[str | None, typer.Option(help="newest, oldest or taken.")] = None,
    as_json: AsJson = False,
) -> None:
    """List your images."""
    with _signed_in() as client:
        items = list(client.items(status=status, category=category, sort=sort))
    if as_json:
        output.print_json(json.dumps(items))
    else:
        display.show_items(output, items)


@app.command()
def show(item_id: Annotated[str, typer.Argument(metavar="ID")], as_json: AsJson = False) -> None:
    """Show one image with what is known of it."""
    with _signed_in() as client:
        item = client.item(item_id)
    if as_json:
        output.print_json(json.dumps(item))
    else:
        display.show_item(output, item)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What you look for, in your own words.")],
    by: Annotated[By, typer.Option(help="Words (bm25), meaning (vector) or both.")] = By.HYBRID,
    top: Annotated[int, typer.Option(min=1, max=50, help="How many results at most.")] = 10,
    category: Category = None,
    as_json: AsJson = False,
) -> None:
    """Find images."""
    with _signed_in() as client:
        found = client.search(query, search_type=by.value, top_k=top, category=category)
    if as_json:
        output.print_json(json.dumps(found))
    else:
        display.show_search(output, found)


@app.command()
def delete(item_ids: Ids, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete images with all that belongs to them."""
    if not yes:
        typer.confirm(f"Delete {len(item_ids)} for good?", abort=True)
    with _signed_in() as client:
        for item_id in item_ids:
            client.delete(item_id)
            output.print(f"deleted {item_id}")


@contextmanager
def _explained() -> Generator[None]:
    """Tell what went wrong, and end with exit code 1."""
    try:
        yield
    except EXPECTED as error:
        _tell(f"collections: {error}", "red")
        if isinstance(error, ApiError) and error.request_id:
            _tell(f"request id: {error.request_id}", "dim")
        raise typer.Exit(1) from error


@contextmanager
def _signed_in() -> Generator[Client]:
    """The API as the user who signed in."""
    with _explained(), http_client() as http:
        yield Session.load(session_file(), http).client()


def _tell(text: str, style: str | None = None) -> None:
    """A message for the person; left in one line, so that it can be copied."""
    messages.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=messages, transient=True)


def _images(paths: list[Path]) -> list[Path]:
    """The files named, and the images in the folders named."""
    found: list[Path] = []
    for path in paths:
        inside = sorted(entry for entry in path.rglob("*") if entry.suffix.lower() in CONTENT_TYPES and entry.is_file())
        found += inside if path.is_dir() else [path]
    return found


def _ask(question: Question) -> str:
    """Ask the person for what the user pool wants besides the password."""
    if question == "code":
        return str(typer.prompt("Code of your authenticator app"))
    return str(typer.prompt("Choose a new password", hide_input=True, confirmation_prompt=True))
