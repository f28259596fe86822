"""Bodies of the routes that take images in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field

from runtime.api.schemas.model import RequestModel, ResponseModel


class ImageType(StrEnum):
    """Content types that are taken in."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    GIF = "image/gif"
    HEIC = "image/heic"
    HEIF = "image/heif"
    AVIF = "image/avif"
    TIFF = "image/tiff"
    BMP = "image/bmp"

    @property
    def extension(self) -> str:
        """Of the object key."""
        return "jpg" if self is ImageType.JPEG else self.value.removeprefix("image/")


BY_SUFFIX = {f".{image_type.extension}": image_type for image_type in ImageType} | {
    ".jpeg": ImageType.JPEG,
    ".tif": ImageType.TIFF,
}
"""What a file's name says about its content."""

FILENAME = r"^[^/\\\x00-\x1f\x7f]{1,255}$"
"""A name without a path or control characters."""


class UploadRequest(RequestModel):
    """An image that is about to be uploaded."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "filename": "IMG_0042.jpg",
                "content_type": "image/jpeg",
                "size": 2481337,
                "sha256": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
            }
        }
    )

    filename: str = Field(pattern=FILENAME, description="What the file is called, without a path")
    content_type: ImageType
    size: int = Field(ge=1, strict=True, description="Bytes; exactly this many will be accepted")
    sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="Of the file, lower-case hex: you are told if you have it already",
    )


class UploadTicket(ResponseModel):
    """Where to send the image: a form POST of `fields`, then `file`, as multipart/form-data to `url`."""

    item_id: UUID
    url: str
    fields: dict[str, str] = Field(description="Form fields to send before `file`, as they are")
    expires_at: datetime


class UploadForm(BaseModel):
    """An image sent through the API itself."""

    model_config = ConfigDict(extra="forbid")

    file: UploadFile = Field(description="At most 4 MB; send larger ones by `POST /uploads`")
