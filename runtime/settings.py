"""What a function knows about its stack, read once per cold start.

A function's environment says either a value (`EVENT_BUS=collections-dev`) or where it is kept
(`DATABASE_URL_PARAMETER=/collections/dev/database/url:3`: name and version in Parameter Store). Each handler composes
the groups of settings below that it uses, and asks for no other.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated, Any, NoReturn, Self, TypeVar, dataclass_transform, get_type_hints

from msgspec import Meta, ValidationError, convert

from runtime.aws.calls import call

EMBEDDING_DIMENSIONS = 1024
"""The width of the vector column; the models of one stack must agree with it (contract, section 1)."""


class SettingsError(ValueError):
    """The stack does not tell the function what it has to know."""


class Secret:
    """A text that nothing shows by accident: no log, no error."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"


class Dollars(Decimal):
    """US dollars: 0 or more."""

    @classmethod
    def of(cls, text: str) -> Self:
        """Raises ValueError."""
        try:
            amount = cls(text)
            if amount.is_finite() and amount >= 0:
                return amount
        except InvalidOperation:
            pass
        raise ValueError("Expected a number of dollars >= 0")


@dataclass_transform(kw_only_default=True, frozen_default=True)
class _Group:
    """Settings that belong together. Dataclasses of as many groups would take some milliseconds of each start."""

    def __init__(self, **values: Any) -> None:
        vars(self).update(values)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name} is not changed while a function runs")


class Settings(_Group):
    """What every function knows."""

    stack: str


class DatabaseSettings(_Group):
    """Access to Postgres, as the role that the URL names."""

    database_url: Secret


class PooledDatabaseSettings(DatabaseSettings):
    """The same, with several connections: for functions that do several things at once."""

    database_pool_size: Annotated[int, Meta(ge=1)] = 1


class StorageSettings(_Group):
    """The image bucket and what may be put in it."""

    bucket_name: str


class UploadLimits(_Group):
    """What is refused as too large."""

    max_upload_mb: Annotated[int, Meta(gt=0)]
    max_megapixels: Annotated[int, Meta(gt=0)]

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1024 * 1024

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * 1_000_000


class UserLimits(_Group):
    """What one user may have in a month; see `runtime.limits`."""

    monthly_image_quota: Annotated[int, Meta(ge=0)]
    """0 for no limit."""
    monthly_ai_budget_usd: Dollars
    """US dollars; 0 for no limit."""


class EventSettings(_Group):
    """The application's own event bus."""

    event_bus: str


class QueueSettings(_Group):
    """The queue that feeds the function."""

    queue_url: str
    max_receives: Annotated[int, Meta(ge=1)]
    """Deliveries before a message is moved to the dead-letter queue."""


class SessionTableSettings(_Group):
    """Where chat sessions are kept."""

    checkpoint_table: str


class UserPoolSettings(_Group):
    """Who may sign in."""

    cognito_user_pool_id: str


class AnthropicSettings(_Group):
    """Where Claude is."""

    anthropic_api_key: Secret
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
    checkpoint_ttl_hours: Annotated[int, Meta(ge=1)]
    """Of a session in which nothing is said."""


class EmbeddingSettings(_Group):
    """The models that turn text into vectors; both of one family, which shares one vector space."""

    voyage_api_key: Secret
    voyage_base_url: str
    embedding_model: str
    embedding_dimensions: Annotated[int, Meta(ge=EMBEDDING_DIMENSIONS, le=EMBEDDING_DIMENSIONS)]


SettingsT = TypeVar("SettingsT", bound=Settings)


def load(model: type[SettingsT], environment: Mapping[str, str] = os.environ) -> SettingsT:
    """Read `model`'s fields from the environment and from Parameter Store.

    Raises `SettingsError` naming each missing or invalid field, and `runtime.aws.connection.AwsError` when a parameter
    cannot be read.
    """
    kinds = fields(model)
    plain = {name: environment[name.upper()] for name in kinds if name.upper() in environment}
    references = {
        name: environment[f"{name.upper()}_PARAMETER"] for name in kinds if f"{name.upper()}_PARAMETER" in environment
    }
    said = plain | _read_parameters(references)
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for name, kind in kinds.items():
        if name in said:
            try:
                values[name] = convert(said[name], kind, strict=False, dec_hook=_decode)
            except ValidationError as error:
                wrong.append(f"{name}: {error}")
        elif not hasattr(model, name):
            wrong.append(f"{name} is missing")
    if wrong:
        raise SettingsError(f"{model.__name__}: {'; '.join(wrong)}")
    return model(**values)


@cache
def fields(model: type[_Group]) -> dict[str, Any]:
    """Name and type of each setting of a group of groups."""
    return get_type_hints(model, include_extras=True)


def _decode(kind: type, value: Any) -> Any:
    """What msgspec does not know. Raises ValueError."""
    return Dollars.of(value) if kind is Dollars else Secret(value)


def _read_parameters(references: Mapping[str, str]) -> dict[str, str]:
    """Resolve field name -> `parameter:version` to field name -> value, one call each so that a role can be held to
    exactly its own parameters."""
    if not references:
        return {}

    def read(reference: str) -> str:
        return call("ssm", "GetParameter", Name=reference, WithDecryption=True)["Parameter"]["Value"]

    with ThreadPoolExecutor(max_workers=len(references)) as pool:
        return dict(zip(references, pool.map(read, references.values()), strict=True))
