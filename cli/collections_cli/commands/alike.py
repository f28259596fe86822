"""`collections similar` and `collections duplicates`."""

from typing import Annotated

import typer

from collections_cli.connection import signed_in
from collections_cli.options import AsJson, ItemId, Profile, command_group
from collections_cli.terminal import output, say, show_json

app = command_group()


@app.command()
def similar(
    item_id: ItemId,
    top: Annotated[int, typer.Option(min=1, max=50, help="How many at most.")] = 10,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show images that mean much the same as one, whatever they look like."""
    with signed_in(profile) as client:
        found = client.similar(item_id, top)
    if as_json:
        show_json(found)
    elif not found:
        say("Nothing is like it yet.")
    else:
        from collections_cli import display

        display.show_alike(output(), [(f"{each['score']:.3f}", each["item"]) for each in found], "score")


@app.command()
def duplicates(
    item_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="Only those of this image, near ones too.")
    ] = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show images with the same bytes; of one image, also those that look alike. `collections delete` removes them."""
    from collections_cli import display

    with signed_in(profile) as client:
        if item_id is None:
            copies = list(client.items(status="duplicate"))
            if as_json:
                show_json(copies)
            elif copies:
                display.show_alike(output(), [(str(each["duplicate_of"]), each) for each in copies], "same as")
            else:
                say("There are no duplicates.")
            return
        found = client.duplicates(item_id)
    if as_json:
        show_json(found)
        return
    rows = [("same bytes", each) for each in found["exact"]]
    rows += [(f"{each['distance']} of 64 bits", each["item"]) for each in found["near"]]
    if rows:
        display.show_alike(output(), rows, "differs by")
    else:
        say("Nothing is, or looks, the same.")
