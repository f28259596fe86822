"""Routes that take images in."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import JSONResponse

from runtime import items
from runtime.api.dependencies import ServicesDep, TenantDep
from runtime.api.intake import announced_by, await_upload, awaited, follow_upload, take_in
from runtime.api.presenting import presented_one
from runtime.api.problems import ApiError, documented
from runtime.api.routing import Router
from runtime.api.schemas.items import ItemPublic
from runtime.api.schemas.uploads import UploadForm, UploadRequest, UploadTicket
from runtime.records import Status

router = Router(tags=["items"])

MAX_DIRECT_BYTES = 4 * 1024 * 1024
"""What `POST /items` takes: with base64 and the form around it, it must stay below Lambda's 6 MB."""


@router.post(
    "/uploads",
    summary="Announce an image",
    status_code=201,
    response_model=UploadTicket,
    responses={200: {"model": ItemPublic, "description": "You have this image already"}, **documented(413, 422, 429)},
)
def announce(announced: UploadRequest, tenant: TenantDep, services: ServicesDep) -> UploadTicket | JSONResponse:
    """Reserves an item and says where to send its file; as the file arrives, the item is processed.

    With the `sha256` of an image that you have already, it answers 200 with that item instead. Announced again with its
    `sha256` before its file has come, as after an interruption, the same item waits for the file.
    """
    limit = services.settings.max_upload_bytes
    if announced.size > limit:
        raise ApiError(413, f"size: {announced.size} bytes; at most {limit} ({services.settings.max_upload_mb} MB).")
    with tenant.transaction() as connection:
        had = items.find_by_sha256(connection, announced.sha256) if announced.sha256 else None
        item = awaited(tenant.user_id, announced)
        known = had or items.find_announced(connection, item)
        if known is not None and known.status != Status.PENDING:
            public = presented_one(connection, known, services.store)
            return JSONResponse(public.model_dump(mode="json"))
        item = known or await_upload(connection, item, services.settings)
    follow_upload(item)
    post = services.store.presigned_post(item.original_key, item.mime_type, item.file_size)
    return UploadTicket(item_id=item.id, url=post.url, fields=post.fields, expires_at=post.expires_at)


@router.post("/items", summary="Send a small image", status_code=201, responses=documented(400, 413, 422, 429))
def send(
    form: Annotated[UploadForm, Form(media_type="multipart/form-data")], tenant: TenantDep, services: ServicesDep
) -> ItemPublic:
    """Takes an image of at most 4 MB through the API itself; `POST /uploads` takes larger ones."""
    if (form.file.size or 0) > MAX_DIRECT_BYTES:
        raise ApiError(413, f"file: {form.file.size} bytes; at most {MAX_DIRECT_BYTES} here. Use POST /uploads.")
    announced = announced_by(form.file)
    item = take_in(tenant, services, awaited(tenant.user_id, announced), form.file.file.read())
    return ItemPublic.of(item, None, services.store)
