"""What a stack may be configured with: every key, its type and range, checked once before anything is declared."""

from typing import Annotated, Self

import pulumi
from pulumi.runtime.config import CONFIG
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic.alias_generators import to_camel

from components.settings_errors import SettingsError, describe, describe_plaintext, describe_unknown
from components.settings_rules import (
    INSTANCE_MEMORY_GIB,
    Mfa,
    connections_needed,
    known_instance_class,
    known_retention,
    list_from_json,
    usable_connections,
)

# The stacks that may call vendors without TLS, and let pages of any origin use the API.
LOCAL = "local"
OPEN_TO_ANY_ORIGIN = frozenset({LOCAL, "dev"})

_KEY = "_api_key"

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*[^\s/])?$")]
Origin = Annotated[str, Field(pattern=r"^(\*|https?://[^\s/*]+)$")]
ModelId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*$")]
VoyageModel = Annotated[str, Field(pattern=r"^voyage-4(-large|-lite|-nano)?$")]
Concurrency = Annotated[int, Field(ge=2, le=1000)]


class StackSettings(BaseModel):
    """The configuration of one stack (contract, section 1). Fields are the keys of `collections:` in snake case.

    Read it with `StackSettings.load`. Values differ per environment in the stack files, not here.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        # A default may not fit with the values beside it.
        validate_default=True,
    )

    stack: str = Field(alias="pulumi:stack", pattern=r"^[a-z][a-z0-9-]{0,19}$", description="Name of the stack.")

    anthropic_api_key: SecretStr = Field(min_length=1, description="Key of the Anthropic API.")
    voyage_api_key: SecretStr = Field(min_length=1, description="Key of the Voyage API.")
    openai_api_key: SecretStr | None = Field(default=None, min_length=1, description="Passed on to Parameter Store.")
    tavily_api_key: SecretStr | None = Field(default=None, min_length=1, description="Passed on to Parameter Store.")
    langsmith_api_key: SecretStr | None = Field(default=None, min_length=1, description="Passed on to Parameter Store.")
    langsmith_project: str | None = Field(default=None, min_length=1, description="Passed on to Parameter Store.")

    anthropic_base_url: HttpUrl = Field(
        default="https://api.anthropic.com", description="Address of the Anthropic API, without /v1."
    )
    voyage_base_url: HttpUrl = Field(
        default="https://api.voyageai.com/v1", description="Address of the Voyage API, with /v1."
    )

    analysis_model: ModelId = Field(default="claude-sonnet-5-5", description="Claude model that describes images.")
    answer_model: ModelId = Field(default="claude-sonnet-5-5", description="Claude model that answers questions.")
    embedding_model: VoyageModel = Field(default="voyage-4-large", description="Voyage 4 model for documents.")
    query_embedding_model: VoyageModel = Field(default="voyage-4-lite", description="Voyage 4 model for queries.")
    embedding_dimensions: int = Field(
        default=1024, ge=1024, le=1024, description="Width of the vector column: 1024, nothing else."
    )
    vector_weight: float = Field(default=0.6, ge=0, le=1, description="Share of the vector score in hybrid search.")
    rerank_model: str = Field(
        default="", pattern=r"^(rerank-[a-z0-9.-]+)?$", description="Voyage reranker of hybrid results; empty for none."
    )

    analyzer_concurrency: Concurrency = Field(default=2, description="Analyzers at work at once.")
    embedder_concurrency: Concurrency = Field(default=2, description="Embedders at work at once.")
    image_processor_concurrency: Concurrency = Field(default=2, description="Image processors at work at once.")
    api_reserved_concurrency: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Concurrency that the API has and never exceeds; absent: unreserved.",
    )

    database_instance_class: Annotated[str, AfterValidator(known_instance_class)] = Field(
        default="db.t4g.micro", description=f"One of {', '.join(INSTANCE_MEMORY_GIB)}."
    )
    database_storage_gb: int = Field(default=20, ge=20, le=65_536, description="Storage at first.")
    database_max_storage_gb: int = Field(
        default=50, ge=22, le=65_536, description="Storage grows up to this by itself."
    )
    multi_az: bool = Field(default=False, description="A standby database in another zone.")
    backup_retention_days: int = Field(default=7, ge=0, le=35, description="Days of point-in-time recovery.")
    deletion_protection: bool = Field(default=True, description="Refuse to delete what holds users' data.")
    database_pool_size: int = Field(
        default=2, ge=1, le=20, description="Connections of one API or worker function; the others have one."
    )
    require_tls: bool = Field(default=True, description="Refuse database and bucket without TLS; false only in local.")

    nat_gateways: int = Field(
        default=1,
        ge=0,
        le=3,
        description="Way out of the private subnets: 0 for one NAT instance, 1, or one a zone.",
    )

    max_upload_mb: int = Field(default=50, ge=1, le=200, description="Larger files are refused.")
    max_megapixels: int = Field(default=60, ge=1, le=200, description="Larger images are refused.")
    allowed_origins: Annotated[tuple[Origin, ...], BeforeValidator(list_from_json)] = Field(
        default=(), description="Origins of web pages that may use API and bucket, as a list; * only in local and dev."
    )
    mfa: Mfa = Field(default=Mfa.OPTIONAL, description="Second factor at sign-in.")
    password_sign_in: bool = Field(
        default=False, description="Accept plain passwords from clients besides SRP; true only in local."
    )
    alarm_email: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$", description="Who is told of alarms.")
    log_retention_days: Annotated[int, AfterValidator(known_retention)] = Field(
        default=30, description="Days that logs are kept."
    )
    requests_per_second: int = Field(default=20, ge=1, le=10_000, description="Sustained rate that the API accepts.")
    burst: int = Field(default=40, ge=1, le=5_000, description="Requests that the API accepts at once.")
    checkpoint_ttl_hours: int = Field(default=4, ge=1, le=720, description="Life of a chat session without activity.")
    monthly_ai_alarm_usd: float = Field(
        default=50,
        ge=0,
        allow_inf_nan=False,
        description="Model costs of all users in a month that raise an alarm; 0 for no alarm.",
    )
    monthly_image_quota: int = Field(default=0, ge=0, description="Images per user and month; 0 for no limit.")
    monthly_ai_budget_usd: float = Field(
        default=0, ge=0, allow_inf_nan=False, description="Model costs per user and month; 0 for no limit."
    )
    permissions_boundary: str | None = Field(
        default=None,
        pattern=r"^arn:aws:iam::\d{12}:policy/\S+$",
        description="ARN of a policy beyond which no function's role may go; GitHub's deployer asks for it.",
    )
    base_image: str | None = Field(
        default=None,
        pattern=r"^[^\s@]+@sha256:[0-9a-f]{64}$",
        description="AWS's base image by digest, repository@sha256:…, to build on; absent: the tag in the Dockerfile.",
    )
    image_digest: str | None = Field(
        default=None,
        pattern=r"^[^\s@]+@sha256:[0-9a-f]{64}$",
        description="Deploy this image, repository@sha256:…, instead of building one; another stack exports it.",
    )

    @classmethod
    def load(cls, config: pulumi.Config, stack: str) -> Self:
        """Read and check all of `config`, which is the project's namespace.

        Raises `SettingsError`, whose message names every unknown, missing, plain-text or invalid key with its value.
        """
        keys = {field.alias or name: field for name, field in cls.model_fields.items() if name != "stack"}
        prefix = f"{config.name}:"
        given = {key.removeprefix(prefix): value for key, value in CONFIG.get().items() if key.startswith(prefix)}
        secrets = {cls.model_fields[name].alias or name for name in cls.secret_fields()}
        problems = [describe_unknown(key, keys) for key in sorted(given.keys() - keys)]
        problems += [
            describe_plaintext(key)
            for key in sorted(secrets & given.keys())
            if not pulumi.runtime.is_config_secret(config.full_key(key))
        ]
        known = {key: value for key, value in given.items() if key in keys}
        try:
            settings = cls.model_validate({**known, "pulumi:stack": stack})
        except ValidationError as error:
            problems += [describe(each, keys, known, secrets) for each in error.errors(include_url=False)]
            raise SettingsError(stack, problems) from None
        if problems:
            raise SettingsError(stack, problems)
        return settings

    @classmethod
    def secret_fields(cls) -> list[str]:
        """Names of the fields whose values are never shown."""
        return [name for name in cls.model_fields if name.endswith(_KEY)]

    @property
    def vendor_secrets(self) -> dict[str, pulumi.Output[str]]:
        """The configured keys by path in Parameter Store (`anthropic/api_key`), as Pulumi secrets."""
        keys: dict[str, SecretStr | None] = {name: getattr(self, name) for name in self.secret_fields()}
        return {
            f"{name.removesuffix(_KEY)}/api_key": pulumi.Output.secret(key.get_secret_value())
            for name, key in keys.items()
            if key is not None
        }

    # The checks below look at several keys. Each belongs to the last of them, in the order of the fields: pydantic
    # gives it those before that are valid by themselves, so that all errors are found in one pass.

    @field_validator("anthropic_base_url", "voyage_base_url")
    @classmethod
    def _vendors_are_called_over_tls(cls, value: str, info: ValidationInfo) -> str:
        if not value.startswith("https://") and info.data.get("stack", LOCAL) != LOCAL:
            raise ValueError("must start with https:// outside local: the vendor's key goes with each request")
        return value

    @field_validator("anthropic_base_url")
    @classmethod
    def _anthropic_adds_the_version(cls, value: str) -> str:
        if value.endswith("/v1"):
            raise ValueError("must not end in /v1: the SDK adds it")
        return value

    @field_validator("voyage_base_url")
    @classmethod
    def _voyage_wants_the_version(cls, value: str) -> str:
        if not value.endswith("/v1"):
            raise ValueError("must end in /v1: the SDK does not add it")
        return value

    @field_validator("database_max_storage_gb")
    @classmethod
    def _storage_can_grow(cls, value: int, info: ValidationInfo) -> int:
        storage = info.data.get("database_storage_gb")
        if storage is not None and value < storage * 1.1:
            raise ValueError(f"must be at least a tenth above databaseStorageGb = {storage}")
        return value

    @field_validator("database_pool_size")
    @classmethod
    def _connections_suffice(cls, value: int, info: ValidationInfo) -> int:
        needed = connections_needed(value, info.data)
        instance_class = info.data.get("database_instance_class")
        if needed is None or instance_class is None:
            return value
        usable = usable_connections(instance_class)
        if needed > usable:
            raise ValueError(
                f"the functions' concurrency makes {needed} connections, {instance_class} has {usable}: "
                "lower the concurrencies or the pool, or choose a larger databaseInstanceClass"
            )
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _any_origin_only_where_harmless(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if "*" in value and info.data.get("stack", LOCAL) not in OPEN_TO_ANY_ORIGIN:
            raise ValueError("* is allowed only in local and dev: name the origins")
        return value

    @field_validator("require_tls", "password_sign_in")
    @classmethod
    def _safe_outside_local(cls, value: bool, info: ValidationInfo) -> bool:
        safe = cls.model_fields[info.field_name or ""].default
        if value is not safe and info.data.get("stack", LOCAL) != LOCAL:
            raise ValueError(f"must be {str(safe).lower()} outside local")
        return value
