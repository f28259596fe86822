"""`collections album`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from collections_cli.connection import signed_in
from collections_cli.failures import NotFoundError, UsageError
from collections_cli.options import AsJson, ItemIds, Profile, Yes, command_group
from collections_cli.terminal import output, say, show_json

if TYPE_CHECKING:
    from collections_cli.client import Client
    from collections_cli.resources import Album

app = command_group("Images that you keep together.")

AlbumName = Annotated[str, typer.Argument(metavar="ALBUM", help="Its name, or its id where two have the same.")]


@app.command("list")
def list_albums(profile: Profile = None, as_json: AsJson = False) -> None:
    """List your albums."""
    with signed_in(profile) as client:
        albums = client.albums()
    if as_json:
        show_json(albums)
    elif not albums:
        say("No albums yet. Make one: collections album create NAME")
    else:
        from collections_cli import display

        names = ("id", "name", "items", "description")
        display.show_rows(output(), [{name: each[name] for name in names} for each in albums])


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    description: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Make an empty album."""
    with signed_in(profile) as client:
        album = client.create_album(name, description)
    if as_json:
        show_json(album)
    else:
        say(f"Made {name}. Put images in: collections album add '{name}' ID")


@app.command()
def show(album: AlbumName, profile: Profile = None, as_json: AsJson = False) -> None:
    """List what is in an album."""
    with signed_in(profile) as client:
        items = list(client.album_items(_found(client, album)["id"]))
    if as_json:
        show_json(items)
        return
    from collections_cli import display

    display.show_items(output(), items)


@app.command()
def add(album: AlbumName, item_ids: ItemIds, profile: Profile = None) -> None:
    """Put images into an album: all of them, or none."""
    with signed_in(profile) as client:
        added = client.add_to_album(_found(client, album)["id"], item_ids)
    say(f"{added} put into {album}; {len(item_ids) - added} were in it already.")


@app.command()
def remove(album: AlbumName, item_ids: ItemIds, profile: Profile = None) -> None:
    """Take images out of an album. You still have them."""
    with signed_in(profile) as client:
        found = _found(client, album)
        for item_id in item_ids:
            client.take_from_album(found["id"], item_id)
    say(f"{len(item_ids)} taken out of {album}.")


@app.command()
def rename(album: AlbumName, name: Annotated[str, typer.Argument(metavar="NEW")], profile: Profile = None) -> None:
    """Call an album something else."""
    with signed_in(profile) as client:
        client.rename_album(_found(client, album)["id"], name)
    say(f"{album} is now {name}.")


@app.command()
def delete(album: AlbumName, yes: Yes = False, profile: Profile = None) -> None:
    """Delete an album. Its images stay."""
    with signed_in(profile) as client:
        found = _found(client, album)
        if not yes:
            typer.confirm(f"Delete the album {found['name']}? Its images stay.", abort=True, err=True)
        client.delete_album(found["id"])
    say(f"There is no album {found['name']} any more.")


def _found(client: Client, name: str) -> Album:
    albums = client.albums()
    found = [each for each in albums if name == each["id"]]
    found = found or [each for each in albums if each["name"].casefold() == name.casefold()]
    if len(found) > 1:
        raise UsageError(f"{len(found)} albums are called {name}: give an id of `collections album list` instead.")
    if not found:
        raise NotFoundError(f"You have no album {name}. Those that you have: collections album list")
    return found[0]
