"""What a function knows about its stack, read once per cold start.

A function's environment says either a value (`EVENT_BUS=collections-dev`) or where it is kept
(`DATABASE_URL_PARAMETER=/collections/dev/database/url:3`: name and version in Parameter Store). Each handler composes
the groups of settings below that it uses, and asks for no other.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from runtime.aws.calls import call

EMBEDDING_DIMENSIONS = 1024
"""The width of the vector column; the models of one stack must agree with it (contract, section 1)."""


class _Group(BaseModel):
    """Settings that belong together."""

    model_config = ConfigDict(frozen=True)


class Settings(_Group):
    """What every function knows."""

    stack: str


class DatabaseSettings(_Group):
    """Access to Postgres, as the role that the URL names."""

    database_url: SecretStr


class PooledDatabaseSettings(DatabaseSettings):
    """The same, with several connections: for functions that do several things at once."""

    database_pool_size: int = Field(default=1, ge=1)


class StorageSettings(_Group):
    """The image bucket and what may be put in it."""

    bucket_name: str


class UploadLimits(_Group):
    """What is refused as too large."""

    max_upload_mb: int = Field(gt=0)
    max_megapixels: int = Field(gt=0)

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1024 * 1024

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * 1_000_000


class UserLimits(_Group):
    """What one user may have in a month; see `runtime.limits`."""

    monthly_image_quota: int = Field(ge=0)
    """0 for no limit."""
    monthly_ai_budget_usd: Decimal = Field(ge=0)
    """US dollars; 0 for no limit."""


class EventSettings(_Group):
    """The application's own event bus."""

    event_bus: str


class QueueSettings(_Group):
    """The queue that feeds the function."""

    queue_url: str
    max_receives: int = Field(ge=1)
    """Deliveries before a message is moved to the dead-letter queue."""


class SessionTableSettings(_Group):
    """Where chat sessions are kept."""

    checkpoint_table: str


class UserPoolSettings(_Group):
    """Who may sign in."""

    cognito_user_pool_id: str


class AnthropicSettings(_Group):
    """Where Claude is."""

    anthropic_api_key: SecretStr
    anthropic_base_url: str


class VisionSettings(AnthropicSettings):
    """The model that looks at images."""

    analysis_model: str


class AnswerSettings(AnthropicSettings):
    """The model that answers questions."""

    answer_model: str


class ChatSettings(_Group):
    """Where chat sessions are kept, and for how long."""

    checkpoint_table: str
    checkpoint_ttl_hours: int = Field(ge=1)
    """Of a session in which nothing is said."""


class EmbeddingSettings(_Group):
    """The models that turn text into vectors; both of one family, which shares one vector space."""

    voyage_api_key: SecretStr
    voyage_base_url: str
    embedding_model: str
    embedding_dimensions: int = Field(ge=EMBEDDING_DIMENSIONS, le=EMBEDDING_DIMENSIONS)


SettingsT = TypeVar("SettingsT", bound=Settings)


def load(model: type[SettingsT], environment: Mapping[str, str] = os.environ) -> SettingsT:
    """Read `model`'s fields from the environment and from Parameter Store.

    Raises `pydantic.ValidationError` naming each missing or invalid field, and `runtime.aws.connection.AwsError` when
    a parameter cannot be read.
    """
    plain = {name: environment[name.upper()] for name in model.model_fields if name.upper() in environment}
    references = {
        name: environment[f"{name.upper()}_PARAMETER"]
        for name in model.model_fields
        if f"{name.upper()}_PARAMETER" in environment
    }
    return model.model_validate(plain | _read_parameters(references))


def _read_parameters(references: Mapping[str, str]) -> dict[str, str]:
    """Resolve field name -> `parameter:version` to field name -> value, one call each so that a role can be held to
    exactly its own parameters."""
    if not references:
        return {}

    def read(reference: str) -> str:
        return call("ssm", "GetParameter", Name=reference, WithDecryption=True)["Parameter"]["Value"]

    with ThreadPoolExecutor(max_workers=len(references)) as pool:
        return dict(zip(references, pool.map(read, references.values()), strict=True))
