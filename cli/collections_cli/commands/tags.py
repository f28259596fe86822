"""`collections tag`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from collections_cli.connection import signed_in
from collections_cli.failures import NotFoundError
from collections_cli.options import AsJson, ItemIds, Profile, Yes, command_group
from collections_cli.terminal import output, say, show_json

if TYPE_CHECKING:
    from collections_cli.client import Client
    from collections_cli.resources import Tag

app = command_group("Words that you give to images, to find them by.")

Name = Annotated[str, typer.Argument(metavar="TAG")]


@app.command("list")
def list_tags(profile: Profile = None, as_json: AsJson = False) -> None:
    """List your tags."""
    with signed_in(profile) as client:
        tags = client.tags()
    if as_json:
        show_json(tags)
    elif not tags:
        say("No tags yet. Give one: collections tag add TAG ID")
    else:
        from collections_cli import display

        display.show_rows(output(), [{"tag": each["name"], "images": each["items"]} for each in tags])


@app.command()
def add(name: Name, item_ids: ItemIds, profile: Profile = None) -> None:
    """Give a tag to images."""
    with signed_in(profile) as client:
        for item_id in item_ids:
            had = client.item(item_id)["tags"]
            if name.casefold() not in map(str.casefold, had):
                client.change(item_id, {"tags": [*had, name]})
    say(f"{len(item_ids)} tagged {name}.")


@app.command()
def remove(name: Name, item_ids: ItemIds, profile: Profile = None) -> None:
    """Take a tag from images."""
    with signed_in(profile) as client:
        for item_id in item_ids:
            had = client.item(item_id)["tags"]
            client.change(item_id, {"tags": [each for each in had if each.casefold() != name.casefold()]})
    say(f"{name} taken from {len(item_ids)}.")


@app.command()
def rename(name: Name, new_name: Annotated[str, typer.Argument(metavar="NEW")], profile: Profile = None) -> None:
    """Call a tag something else, on every image that has it."""
    with signed_in(profile) as client:
        client.rename_tag(_found(client, name)["id"], new_name)
    say(f"{name} is now {new_name}.")


@app.command()
def delete(name: Name, yes: Yes = False, profile: Profile = None) -> None:
    """Take a tag from every image. The images stay."""
    with signed_in(profile) as client:
        tag = _found(client, name)
        if not yes:
            typer.confirm(f"Take {name} from {tag['items']} images?", abort=True, err=True)
        client.delete_tag(tag["id"])
    say(f"There is no tag {name} any more.")


def _found(client: Client, name: str) -> Tag:
    for tag in client.tags():
        if tag["name"].casefold() == name.casefold():
            return tag
    raise NotFoundError(f"You have no tag {name}. Those that you have: collections tag list")
