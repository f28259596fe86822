"""What of an item is looked at, and what its file tells besides."""

from runtime.records import ItemRecord, Status

READY = (Status.PROCESSED, Status.ANALYZED, Status.SEARCHABLE)
"""Where an item has a preview to look at, and may be analysed."""

MAX_PREVIEW_BYTES = 5 * 1024 * 1024
"""What the API takes of an image; our previews have a tenth of it."""


def describe_file(item: ItemRecord) -> str:
    """What the file itself tells of the image, a line each. The name is quoted: it may say anything."""
    lines = [f"File name: {item.original_filename!r}", f"Size: {item.width} x {item.height} pixels"]
    if item.taken_at is not None:
        lines.append(f"Taken: {item.taken_at:%Y-%m-%d %H:%M} UTC")
    if item.camera is not None:
        lines.append(f"Camera: {item.camera!r}")
    return "\n".join(lines)
