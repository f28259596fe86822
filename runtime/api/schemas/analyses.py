"""What the API says about analyses."""

from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from runtime.analysis import Category, ImageAnalysis, ImageDetails, MediaMetadata
from runtime.api.schemas.model import ResponseModel
from runtime.records import AnalysisRecord, AnalysisState


class AnalysisPublic(ResponseModel):
    """One look of one model at one item. What it found is null until `state` is done."""

    id: UUID
    item_id: UUID
    version: int = Field(description="1, 2, … within the item")
    state: AnalysisState
    model: str = Field(description="The model that was asked for")
    answered_by: str | None = Field(description="The model that the vendor says answered")
    prompt_version: str
    category: Category | None
    subcategories: list[str] | None
    headline: str | None
    summary: str | None
    media_metadata: MediaMetadata | None
    image_details: ImageDetails | None
    input_tokens: int | None
    output_tokens: int | None
    created_at: datetime

    @classmethod
    def of(cls, analysis: AnalysisRecord) -> Self:
        """What the public may know of `analysis`."""
        result = None if analysis.result is None else ImageAnalysis.model_validate(analysis.result)
        return cls(
            **cls.shared(analysis),
            subcategories=result and result.subcategories,
            media_metadata=result and result.media_metadata,
            image_details=result and result.image_details,
        )


class AnalysisList(ResponseModel):
    """All versions, newest first."""

    analyses: list[AnalysisPublic]
