"""Libraries of many images, as if all had been uploaded and processed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg

from local.stack import CHECKOUT, LocalStack
from runtime.imaging import process_image
from runtime.keys import derived_key, original_key

SHOWN = ("coffee-break.jpg", "rocket-on-the-pad.jpg", "post-harbor-lights.jpg", "receipt-mill-lane-bakery.jpg")
"""Samples whose thumbnails the images have."""

_MOST_PIXELS = 60_000_000
_DATABASE = "collections"
_MOMENT = "2026-01-01T00:00:00Z"
_FACTS = ("original_filename", "mime_type", "file_size", "width", "height", "title")
_DATES = ("created_at", "updated_at", "uploaded_at", "processed_at")
_COLUMNS = ("id", "user_id", "status", "original_key", *_FACTS, *_DATES)


def fill(stack: LocalStack, email: str, count: int) -> None:
    """Rows and thumbnails of `count` images for the user who signs in as `email`."""
    pool = stack.outputs["userPoolId"]
    found = stack.client("cognito-idp").admin_get_user(UserPoolId=pool, Username=email)["UserAttributes"]
    user_id = next(each["Value"] for each in found if each["Name"] == "sub")
    ids = [uuid4() for _ in range(count)]
    with (
        psycopg.connect(stack.database_address(_DATABASE)) as connection,
        connection.cursor() as cursor,
        cursor.copy(f"copy item ({', '.join(_COLUMNS)}) from stdin") as copy,
    ):
        for number, item_id in enumerate(ids):
            key = original_key(user_id, item_id, "jpg")
            facts = (f"{number}.jpg", "image/jpeg", 100_000, 1200, 800, f"Image {number}")
            copy.write_row((item_id, user_id, "searchable", key, *facts, *[_MOMENT] * len(_DATES)))
    _store(stack, user_id, ids)


def _store(stack: LocalStack, user_id: str, ids: Sequence[UUID]) -> None:
    thumbnails = [process_image((CHECKOUT / "samples" / name).read_bytes(), _MOST_PIXELS).thumbnail for name in SHOWN]
    s3, bucket = stack.client("s3"), stack.outputs["imageBucket"]

    def put(number: int) -> None:
        s3.put_object(
            Bucket=bucket,
            Key=derived_key(user_id, ids[number], "thumb"),
            Body=thumbnails[number % len(thumbnails)],
            ContentType="image/webp",
        )

    with ThreadPoolExecutor(8) as pool:
        for _ in pool.map(put, range(len(ids))):
            pass
