"""What people see: tables and sheets on the terminal."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from collections_cli.resources import Item, SearchResponse, Status

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
        category = item["latest_analysis"]["category"] if item["latest_analysis"] else None
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
        ("category", analysis and analysis["category"]),
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
        what = result["headline"] or str(result["metadata"].get("original_filename", ""))
        score, category = f"{result['score']:.3f}", result["category"] or ""
        picture = [thumbnails.get(result["item_id"], "")] if thumbnails else []
        table.add_row(str(result["rank"]), *picture, score, category, Text(what), result["item_id"])
    console.print(table)


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
