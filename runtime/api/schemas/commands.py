"""Bodies of the routes that set the pipeline to work."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from runtime.api.schemas.model import RequestModel, ResponseModel


class AnalyzeRequest(RequestModel):
    """Who should look at the image, and whether to look again."""

    model_config = ConfigDict(json_schema_extra={"example": {"force_reanalyze": True, "model": "claude-opus-5-5"}})

    force_reanalyze: bool = Field(default=False, description="Look again even where there is an analysis")
    model: str | None = Field(default=None, description="Claude model; by default the stack's own")


class AnalysisAccepted(ResponseModel):
    """The image will be looked at; the analysis then is the item's latest."""

    status: Literal["requested"] = "requested"
    item_id: UUID
    model: str


class ReindexAccepted(ResponseModel):
    """Items that will be embedded anew."""

    count: int = Field(description="Items that this request has set to work")
    remaining: int = Field(description="Outdated items beyond those: ask again when these are done")
