"""What the API says about money and limits."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, PlainSerializer

from runtime.api.schemas.model import ResponseModel

Dollars = Annotated[Decimal, PlainSerializer(float, return_type=float)]
"""US dollars, as a number in JSON."""


class ModelUse(ResponseModel):
    """What one model was used for in a month."""

    operation: str = Field(description="analysis, embedding, query, rerank, answer, agent or chat")
    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: Dollars | None = Field(description="By list price; null where no price is known")


class MonthUse(ResponseModel):
    """What the models were used for in a month."""

    month: date = Field(description="Its first day; months are those of UTC")
    input_tokens: int
    output_tokens: int
    cost_usd: Dollars = Field(description="Of what has a known price")
    models: list[ModelUse] = Field(description="The dearest first")


class ImagesLeft(ResponseModel):
    """Images that count this month: each that was announced or sent, and not those that never arrived."""

    used: int
    quota: int | None = Field(description="Null for no limit")
    left: int | None


class BudgetLeft(ResponseModel):
    """What the models may cost this month."""

    used_usd: Dollars
    budget_usd: Dollars | None = Field(description="Null for no limit")
    left_usd: Dollars | None


class UsageReport(ResponseModel):
    """What was used, and what is left of this month."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "months": [
                    {
                        "month": "2026-11-01",
                        "input_tokens": 48210,
                        "output_tokens": 9120,
                        "cost_usd": 0.18762,
                        "models": [
                            {
                                "operation": "analysis",
                                "model": "claude-sonnet-5-5",
                                "calls": 24,
                                "input_tokens": 48210,
                                "output_tokens": 9120,
                                "cost_usd": 0.18762,
                            }
                        ],
                    }
                ],
                "images": {"used": 24, "quota": 1000, "left": 976},
                "budget": {"used_usd": 0.18762, "budget_usd": 5.0, "left_usd": 4.81238},
                "resets_at": "2026-12-01T00:00:00Z",
            }
        }
    )

    months: list[MonthUse] = Field(description="The last twelve, newest first; those without use are left out")
    images: ImagesLeft
    budget: BudgetLeft
    resets_at: datetime = Field(description="When the next month begins, with all of its quota and budget")
