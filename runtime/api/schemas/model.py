"""The bases of what the API takes and gives."""

from dataclasses import fields
from functools import cache
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, field_validator

from runtime.api.validation import WITHOUT_NUL


class RequestModel(BaseModel):
    """A body that a client sends: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="after")
    @classmethod
    def _refuse_nul(cls, value: Any) -> Any:
        if _has_nul(value):
            raise ValueError(WITHOUT_NUL)
        return value


class ResponseModel(BaseModel):
    """A body that the API answers with."""

    model_config = ConfigDict(frozen=True)

    @classmethod
    def shared(cls, record: object) -> dict[str, Any]:
        """The values of a record that this model has too, by name."""
        return {name: getattr(record, name) for name in _common(type(record), cls)}


@cache
def _common(record: type, response: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record) if field.name in response.model_fields)


def _has_nul(value: object) -> bool:
    if isinstance(value, list):
        return any(_has_nul(each) for each in cast("list[object]", value))
    return isinstance(value, str) and "\x00" in value
