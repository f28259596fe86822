"""Commands about single images: `list`, `show`, `open`, `edit`, `retry`, `delete`."""

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from collections_cli.connection import signed_in
from collections_cli.dates import beginning_of, end_of
from collections_cli.exits import Exit
from collections_cli.failures import ApiError, UsageError, sentence
from collections_cli.options import AsJson, Category, ItemId, ItemIds, Profile, TakenFrom, TakenTo, Yes, command_group
from collections_cli.terminal import explained, output, say, show_json

if TYPE_CHECKING:
    from collections_cli.resources import ItemChanges

app = command_group()


@app.command("list")
def list_items(
    status: Annotated[str | None, typer.Option(help="Only this state, such as failed.")] = None,
    category: Category = None,
    tag: Annotated[str | None, typer.Option(help="Only with this tag.")] = None,
    words: Annotated[str | None, typer.Option(help="Only with these words in title, note, text or analysis.")] = None,
    taken_from: TakenFrom = None,
    taken_to: TakenTo = None,
    sort: Annotated[str | None, typer.Option(help="newest, oldest or taken.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="So many at most.")] = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List your images."""
    from itertools import islice

    with signed_in(profile) as client:
        found = client.items(
            status=status,
            category=category,
            tag=tag,
            q=words,
            taken_from=beginning_of(taken_from),
            taken_to=end_of(taken_to),
            sort=sort,
        )
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
def edit(
    item_id: ItemId,
    title: Annotated[str | None, typer.Option(help="What you call it; '' for none.")] = None,
    note: Annotated[str | None, typer.Option(help="Anything you want to find it by; '' for none.")] = None,
    category: Annotated[str | None, typer.Option(help="Your own choice; '' for what the analysis says.")] = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Set an image's title, note or category. What you say stays, also when the image is analysed again."""
    given = {"title": title, "note": note, "category": category}
    changes = cast("ItemChanges", {name: value or None for name, value in given.items() if value is not None})
    with signed_in(profile) as client:
        if not changes:
            raise UsageError("Say what to change: --title, --note or --category.")
        item = client.change(item_id, changes)
    if as_json:
        show_json(item)
        return
    from collections_cli import display

    display.show_item(output(), item)


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
