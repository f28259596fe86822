"""What people see: tables and sheets on the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from collections_cli.resources import ChatReply, Item, SearchResponse, SearchResult, Statistics, Status, Usage

_STYLES: dict[Status, str] = {"searchable": "green", "failed": "red", "duplicate": "yellow"}


def status_text(status: Status) -> Text:
    """`status`, coloured by whether it is good or bad news."""
    return Text(status, _STYLES.get(status, "dim"))


def headline(item: Item) -> str:
    """The best one-line name there is."""
    analysis = item["latest_analysis"]
    return item["title"] or (analysis["headline"] if analysis else None) or item["original_filename"]


def show_items(console: Console, items: Iterable[Item]) -> None:
    """One line an item."""
    table = _table("id", "status", "category", "what")
    for item in items:
        category = item["category"]
        what = Text(headline(item))
        if item["error"]:
            what.append(f": {item['error']}", "red")
        table.add_row(item["id"], status_text(item["status"]), category or "", what)
    console.print(table)


def show_item(console: Console, item: Item) -> None:
    """All that one wants to know of an item."""
    analysis = item["latest_analysis"]
    size = f"{item['file_size']:,} bytes" + (f", {item['width']} x {item['height']}" if item["width"] else "")
    rows: Sequence[tuple[str, RenderableType | None]] = [
        ("id", item["id"]),
        ("status", status_text(item["status"])),
        ("error", item["error"] and Text(item["error"], "red")),
        ("duplicate of", item["duplicate_of"]),
        ("file", Text(f"{item['original_filename']} ({item['mime_type']}, {size})")),
        ("taken", item["taken_at"]),
        ("camera", item["camera"] and Text(item["camera"])),
        ("added", item["created_at"]),
        ("title", item["title"] and Text(item["title"])),
        ("note", item["note"] and Text(item["note"])),
        ("tags", Text(", ".join(item["tags"]))),
        ("category", item["category"]),
        ("headline", analysis and Text(analysis["headline"] or "")),
        ("summary", analysis and Text(analysis["summary"] or "")),
        ("model", analysis and (analysis["answered_by"] or analysis["model"])),
        ("image", item["image_url"] and Text(item["image_url"], "dim")),
    ]
    show_sheet(console, dict(rows))


def show_search(console: Console, found: SearchResponse, thumbnails: Mapping[str, RenderableType]) -> None:
    """The results, best first."""
    if not found["results"]:
        console.print("Nothing matches.")
        return
    table = _table("", *([""] if thumbnails else []), "score", "category", "what", "id")
    for result in found["results"]:
        what = _named(result)
        score, category = f"{result['score']:.3f}", result["category"] or ""
        picture = [thumbnails.get(result["item_id"], "")] if thumbnails else []
        table.add_row(str(result["rank"]), *picture, score, category, Text(what), result["item_id"])
    console.print(table)


def _named(result: SearchResult) -> str:
    return result["headline"] or str(result["metadata"].get("original_filename", ""))


def show_answer(console: Console, found: SearchResponse) -> None:
    """The answer, and the images that it rests on."""
    console.print(Text(found["answer"] or "There is no answer."))
    cited = [result for result in found["results"] if result["item_id"] in found["citations"]]
    if cited:
        console.print()
        _show_results(console, cited)
    elif found["results"]:
        console.print(Text(f"\n{len(found['results'])} images were looked at; see `collections search`.", "dim"))


def show_reply(console: Console, reply: ChatReply) -> None:
    """What was replied, and the images that it is about."""
    console.print(Text(reply["message"]))
    if reply["search_results"]:
        console.print()
        _show_results(console, reply["search_results"])


def _show_results(console: Console, results: Sequence[SearchResult]) -> None:
    table = _table("", "what", "id")
    for number, result in enumerate(results, start=1):
        table.add_row(str(number), Text(_named(result)), result["item_id"])
    console.print(table)


def show_alike(console: Console, rows: Sequence[tuple[str, Item]], column: str) -> None:
    """Items, with what connects each to another in the first column."""
    table = _table(column, "id", "what")
    for connection, item in rows:
        table.add_row(connection, item["id"], Text(headline(item)))
    console.print(table)


def show_statistics(console: Console, counted: Statistics) -> None:
    """The collection in numbers."""
    index, searchable = counted["index"], counted["index"]["share"]
    show_sheet(
        console,
        {
            "images": f"{counted['items']:,}, {decimal(counted['bytes'])}",
            "searchable": None
            if searchable is None
            else f"{searchable:.0%} ({index['searchable']} of {index['expected']})",
            "outdated": f"{index['outdated']} by an older model" if index["outdated"] else None,
            "states": _counts(counted["by_status"]),
            "categories": _counts(counted["by_category"]),
            "tags": str(counted["tags"]),
            "albums": str(counted["albums"]),
        },
    )


def show_usage(console: Console, used: Usage) -> None:
    """By month, and what is left of this one."""
    images, budget = used["images"], used["budget"]
    quota = "no limit" if images["quota"] is None else f"{images['left']:,} of {images['quota']:,} left"
    limit = (
        "no limit" if budget["budget_usd"] is None else f"${budget['left_usd']:.2f} of ${budget['budget_usd']:.2f} left"
    )
    show_sheet(
        console,
        {
            "images this month": f"{images['used']:,}, {quota}",
            "models this month": f"${budget['used_usd']:.2f}, {limit}",
            "begins anew": used["resets_at"][:10],
        },
    )
    if used["months"]:
        console.print()
        table = _table("month", "tokens in", "tokens out", "dollars")
        for column in table.columns[1:]:
            column.justify = "right"
        for month in used["months"]:
            tokens = (f"{month['input_tokens']:,}", f"{month['output_tokens']:,}")
            table.add_row(month["month"][:7], *tokens, f"{month['cost_usd']:.2f}")
        console.print(table)


def _counts(of: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in of.items())


def show_sheet(console: Console, values: Mapping[str, RenderableType | None]) -> None:
    """One line for each name that has a value."""
    sheet = Table.grid(padding=(0, 2))
    for name, value in values.items():
        if value:
            sheet.add_row(Text(name, "bold"), Text(value) if isinstance(value, str) else value)
    console.print(sheet)


def show_rows(console: Console, rows: Sequence[Mapping[str, Any]], *, mark: str = "") -> None:
    """One line for each, with a column for each name; a star where `mark` is true."""
    names = [name for name in rows[0] if name != mark]
    table = _table(*([""] if mark else []), *(name.replace("_", " ") for name in names))
    for row in rows:
        star = [Text("*" if row[mark] else "", "green")] if mark else []
        table.add_row(*star, *(Text("" if row[name] is None else str(row[name])) for name in names))
    console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in {"id", "status", "score"})
    return table
