"""`collections search`."""

from enum import StrEnum
from typing import Annotated

import typer

from collections_cli.connection import signed_in
from collections_cli.dates import beginning_of, end_of
from collections_cli.options import AsJson, Category, Profile, Tags, TakenFrom, TakenTo, command_group
from collections_cli.terminal import output, show_json

app = command_group()


class By(StrEnum):
    """How to search."""

    HYBRID = "hybrid"
    BM25 = "bm25"
    VECTOR = "vector"


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What you look for, in your own words.")],
    by: Annotated[By, typer.Option(help="Words (bm25), meaning (vector) or both.")] = By.HYBRID,
    top: Annotated[int, typer.Option(min=1, max=50, help="How many results at most.")] = 10,
    category: Category = None,
    tag: Tags = None,
    taken_from: TakenFrom = None,
    taken_to: TakenTo = None,
    images: Annotated[bool, typer.Option("--images", "-i", help="Show thumbnails, in a terminal that can.")] = False,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Find images."""
    with signed_in(profile) as client:
        found = client.search(
            query,
            search_type=by.value,
            top_k=top,
            category=category,
            tags=tag,
            taken_from=beginning_of(taken_from),
            taken_to=end_of(taken_to),
        )
        if as_json:
            show_json(found)
            return
        from collections_cli import display
        from collections_cli.thumbnails import thumbnails_of

        thumbnails = thumbnails_of(found["results"]) if images else {}
        display.show_search(output(), found, thumbnails)
