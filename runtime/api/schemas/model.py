"""The bases of what the API takes and gives."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel import SQLModel


class RequestModel(BaseModel):
    """A body that a client sends: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class ResponseModel(BaseModel):
    """A body that the API answers with."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def shared(cls, row: SQLModel) -> dict[str, Any]:
        """The values of `row`'s columns that this model has too, by name."""
        return {name: getattr(row, name) for name in type(row).model_fields if name in cls.model_fields}
