"""Bodies of the routes about a whole account."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from runtime.api.schemas.model import ResponseModel

_ID = "3f1c0f0e-5a8b-4c6e-9a54-0d5a3c0b7a11"


class RequestAccepted(ResponseModel):
    """A worker will see to it."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "requested", "request_id": _ID}})

    status: Literal["requested"] = "requested"
    request_id: UUID


class ExportFile(ResponseModel):
    """One zip file."""

    url: str = Field(
        description="Fetch it soon: the address is valid for a short while, and a new one is asked for here"
    )
    file_size: int = Field(description="Bytes")
    items: int = Field(description="Items whose originals and data are in it")


class ExportPublic(ResponseModel):
    """How far an export has come."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "request_id": _ID,
                "state": "done",
                "error": None,
                "url": "https://bucket.s3.eu-west-1.amazonaws.com/exports/…/001.zip?X-Amz-Signature=…",
                "parts": [
                    {
                        "url": "https://bucket.s3.eu-west-1.amazonaws.com/exports/…/001.zip?X-Amz-Signature=…",
                        "file_size": 73400320,
                        "items": 24,
                    }
                ],
                "created_at": "2026-11-25T20:15:00Z",
                "finished_at": "2026-11-25T20:15:42Z",
                "expires_at": "2026-11-26T20:15:42Z",
            }
        }
    )

    request_id: UUID
    state: Literal["requested", "running", "done", "failed", "expired"]
    error: str | None = Field(description="Why it failed, if `state` is failed; it is tried again when asked for anew")
    url: str | None = Field(description="Of the first part, which is all of a small collection; null before `done`")
    parts: list[ExportFile] = Field(description="Zip files that make up the export; empty before `done`")
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When the files are removed")
