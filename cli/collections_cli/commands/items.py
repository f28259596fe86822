"""Commands about single images: `list`, `show`, `open`, `edit`, `retry`, `delete`."""

from typing import Annotated, Any

import typer

from collections_cli.connection import signed_in
from collections_cli.exits import Exit
from collections_cli.failures import ApiError, UsageError, sentence
from collections_cli.options import AsJson, Category, ItemId, ItemIds, Profile, Yes, command_group
from collections_cli.terminal import explained, output, say, show_json

app = command_group()


@app.command("list")
def list_items(
    status: Annotated[str | None, typer.Option(help="Only this state, such as failed.")] = None,
    category: Category = None,
    sort: Annotated[str | None, typer.Option(help="newest, oldest or taken.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="So many at most.")] = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List your images."""
    from itertools import islice

    with signed_in(profile) as client:
        found = client.items(status=status, category=category, sort=sort)
        items = list(islice(found, limit))
    if as_json:
        show_json(items)
        return
    from collections_cli import display

    display.show_items(output(), items)


@app.command()
def show(item_id: ItemId, profile: Profile = None, as_json: AsJson = False) -> None:
    """Show one image with all that is known of it."""
    with signed_in(profile) as client:
        item = client.item(item_id)
    if as_json:
        show_json(item)
        return
    from collections_cli import display

    display.show_item(output(), item)


@app.command("open")
def open_item(
    item_id: ItemId,
    only_print: Annotated[bool, typer.Option("--print", help="Print the address instead.")] = False,
    profile: Profile = None,
) -> None:
    """Open an image in the browser. Its address is good for a quarter of an hour."""
    with signed_in(profile) as client:
        url = client.item(item_id)["image_url"]
    with explained():
        if url is None:
            raise UsageError("The image has not arrived yet: there is nothing to open.")
        if only_print:
            typer.echo(url)
        elif typer.launch(url) != 0:
            say("No browser can be started here; this is the address:")
            typer.echo(url)


@app.command()
def retry(
    item_ids: Annotated[list[str] | None, typer.Argument(metavar="ID")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All that failed and may work now.")] = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Try again what failed."""
    with signed_in(profile) as client:
        if failed == bool(item_ids):
            raise UsageError("Name images, or say --failed for all that may work now.")
        wanted = item_ids or [item["id"] for item in client.items(status="failed") if item["retryable"]]
        done = _each(wanted, client.retry)
    if as_json:
        show_json(done)
    else:
        say(f"{_tried(done)} of {len(done)} on the way again." if done else "Nothing failed that may work now.")
    _end(done)


@app.command()
def delete(item_ids: ItemIds, yes: Yes = False, profile: Profile = None, as_json: AsJson = False) -> None:
    """Delete images with all that belongs to them."""
    if not yes:
        typer.confirm(f"Delete {len(item_ids)} for good?", abort=True, err=True)
    with signed_in(profile) as client:
        done = _each(item_ids, client.delete)
    if as_json:
        show_json(done)
    else:
        for each in done:
            if each["done"]:
                output().print(f"deleted {each['id']}", markup=False)
    _end(done)


def _each(item_ids: list[str], call: Any) -> list[dict[str, Any]]:
    """Call it for each, and go on after a refusal, which is told."""
    done: list[dict[str, Any]] = []
    for item_id in item_ids:
        try:
            call(item_id)
        except ApiError as error:
            if error.status == 401 or error.passing or len(item_ids) == 1:  # it will be no better with the next
                raise
            say(f"{item_id}: {sentence(error)}", "red")
            done.append({"id": item_id, "done": False, "reason": str(error)})
        else:
            done.append({"id": item_id, "done": True, "reason": None})
    return done


def _tried(done: list[dict[str, Any]]) -> int:
    return sum(each["done"] for each in done)


def _end(done: list[dict[str, Any]]) -> None:
    if _tried(done) < len(done):
        raise typer.Exit(Exit.INCOMPLETE if _tried(done) else Exit.REFUSED)
