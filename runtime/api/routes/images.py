"""The route to an image itself, by a name that stays."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import Path
from fastapi.responses import RedirectResponse

from runtime import items
from runtime.api.dependencies import ServicesDep, TenantDep
from runtime.api.problems import documented, not_found
from runtime.api.routing import Router
from runtime.api.schemas.items import image_url, preview_url, thumbnail_url
from runtime.records import ItemRecord
from runtime.storage import ImageStore

router = Router(tags=["items"])

_FILENAME = re.compile(r"(?P<item_id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?P<rest>[-.][a-z0-9.]{1,16})")
DERIVED = {"-thumb.webp": thumbnail_url, "-preview.webp": preview_url}
"""What comes after the item's id, and what it leads to."""

Filename = Annotated[
    str,
    Path(
        description="`{item_id}.{extension}` is the original, with the extension that it was announced with; "
        "`{item_id}-thumb.webp` and `{item_id}-preview.webp` are what was made of it",
        examples=["3f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11-thumb.webp"],
        max_length=100,
    ),
]


@router.get(
    "/images/{filename}",
    summary="Fetch an image",
    status_code=307,
    response_class=RedirectResponse,
    responses={
        307: {
            "description": "The image is at `Location`, for a short while",
            "headers": {"Location": {"required": True, "schema": {"type": "string", "format": "uri"}}},
            "content": {},
        },
        **documented(404, 422),
    },
)
def fetch_image(filename: Filename, tenant: TenantDep, services: ServicesDep) -> RedirectResponse:
    """Leads to your original, or to what was made of it."""
    name = _FILENAME.fullmatch(filename)
    if name is None:
        raise not_found("image", filename)
    with tenant.transaction() as connection:
        item = items.find(connection, UUID(name["item_id"]))
    url = None if item is None else _url(item, name["rest"], services.store)
    if url is None:
        raise not_found("image", filename)
    # Kept by a browser, it would lead whoever signs in next to what is not theirs.
    return RedirectResponse(url, status_code=307, headers={"Cache-Control": "no-store"})


def _url(item: ItemRecord, rest: str, store: ImageStore) -> str | None:
    """Where it is; None where it is not made yet, or by no such name."""
    if rest in DERIVED:
        return DERIVED[rest](item, store)
    return image_url(item, store) if item.original_key.endswith(f"{item.id}{rest}") else None
