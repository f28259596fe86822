"""Thumbnails in the terminal, where it can show images: needs the extra `images`."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from collections_cli.failures import UnreachableError, UsageError
from collections_cli.terminal import say

if TYPE_CHECKING:
    from rich.console import RenderableType

COLUMNS = 16
"""Width of a thumbnail on the terminal."""
_AT_ONCE = 8
_SECONDS = 15.0


def thumbnails_of(results: Sequence[Mapping[str, Any]]) -> dict[str, RenderableType]:
    """By item, what the terminal is to show; nothing, and a word about it, where it cannot show images.

    Raises `UsageError` without the extra, and `UnreachableError`.
    """
    draw = _drawing()
    if draw is None:
        say("This terminal does not show images: one with sixels or kitty's graphics does.", "yellow")
        return {}
    wanted = {str(each["item_id"]): each["thumbnail_url"] for each in results if each["thumbnail_url"]}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        contents = pool.map(_fetch, wanted.values())
    return {
        item_id: draw(io.BytesIO(content), width=COLUMNS, height="auto")
        for item_id, content in zip(wanted, contents, strict=True)
    }


def _drawing() -> Any:
    """What draws an image on this terminal: the best of what it can do. None if that is characters only, in which
    a thumbnail shows nothing."""
    try:
        from textual_image.renderable import Image, SixelImage, TGPImage  # pyright: ignore
    except ModuleNotFoundError as error:
        raise UsageError("Thumbnails need the extra `images`: pip install './cli[images]'") from error
    return cast("Any", Image) if Image in (SixelImage, TGPImage) else None


def _fetch(url: str) -> bytes:
    import httpx

    from collections_cli.client import http_client

    try:
        with http_client() as http:
            return http.get(url, timeout=_SECONDS).raise_for_status().content
    except httpx.HTTPError as error:
        raise UnreachableError(f"A thumbnail cannot be fetched: {error}") from error
