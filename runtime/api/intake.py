"""Taking an image in: a row that awaits its object, and the object."""

from pathlib import PurePath
from uuid import uuid4

from aws_lambda_powertools import Logger
from fastapi import UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from runtime import items, limits
from runtime.api.dependencies import Services, Tenant
from runtime.api.schemas.uploads import BY_SUFFIX, UploadRequest
from runtime.events import upload_correlation_id
from runtime.keys import original_key
from runtime.postgres import Connection
from runtime.records import ItemRecord
from runtime.settings import UserLimits

logger = Logger()

UNSPECIFIC = frozenset({None, "", "application/octet-stream"})
"""Content types by which a client says that it does not know."""


def awaited(user_id: str, announced: UploadRequest) -> ItemRecord:
    """A new item whose object is yet to come."""
    item_id = uuid4()
    return ItemRecord(
        id=item_id,
        user_id=user_id,
        original_key=original_key(user_id, item_id, announced.content_type.extension),
        original_filename=announced.filename,
        mime_type=announced.content_type,
        file_size=announced.size,
        announced_sha256=announced.sha256,
    )


def announced_by(file: UploadFile) -> UploadRequest:
    """What a file of a form says about itself; its name speaks where it declares no type.

    Raises `RequestValidationError`.
    """
    filename = file.filename or ""
    suffix_type = BY_SUFFIX.get(PurePath(filename).suffix.lower())
    declared = suffix_type if file.content_type in UNSPECIFIC else file.content_type
    try:
        return UploadRequest.model_validate({"filename": filename, "content_type": declared, "size": file.size})
    except ValidationError as error:
        details = [{**detail, "loc": ("body", "file", *detail["loc"])} for detail in error.errors()]
        raise RequestValidationError(details) from error


def follow_upload(item: ItemRecord) -> None:
    """From here on, the log lines of this request belong to the item's way to `searchable`."""
    logger.set_correlation_id(upload_correlation_id(item.id))
    logger.append_keys(item_id=item.id)


def await_upload(connection: Connection, item: ItemRecord, allowed: UserLimits) -> ItemRecord:
    """Keep a new item, as one more of its user's in this month. Raises `runtime.limits.LimitReachedError`."""
    limits.take_image(connection, item.user_id, item.created_at, allowed)
    return items.create(connection, item)


def take_in(tenant: Tenant, services: Services, item: ItemRecord, body: bytes) -> ItemRecord:
    """Keep `item` and its object; as the object arrives, the pipeline starts.

    The row is committed first, for the pipeline may look for it at once. When the object cannot be stored, the item
    becomes a tombstone rather than nothing: S3 may have kept an object and failed to say so, and the sweeper then finds
    and removes it. It then does not count as one of the month's.

    Raises `runtime.limits.LimitReachedError`.
    """
    with tenant.transaction() as connection:
        await_upload(connection, item, services.settings)
    follow_upload(item)
    try:
        services.store.put(item.original_key, body, item.mime_type)
    except Exception:
        with tenant.transaction() as connection:
            items.mark_deleted(connection, item.id)
            limits.give_image_back(connection, item.user_id, item.created_at)
        raise
    return item
