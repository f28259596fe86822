"""The environment of the API's function, with plain values for what a stack keeps in Parameter Store."""

from typing import Any, TypeVar

from runtime.settings import Settings, fields

SettingsT = TypeVar("SettingsT", bound=Settings)

ENVIRONMENT = {
    "STACK": "test",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:1/nowhere?sslmode=disable",
    "BUCKET_NAME": "collections-test-images",
    "EVENT_BUS": "collections-test",
    "ANALYSIS_MODEL": "claude-sonnet-5-5",
    "MAX_UPLOAD_MB": "50",
    "MAX_MEGAPIXELS": "60",
    "MONTHLY_IMAGE_QUOTA": "0",
    "MONTHLY_AI_BUDGET_USD": "0",
    "VOYAGE_API_KEY": "test",
    "VOYAGE_BASE_URL": "http://127.0.0.1:1/v1",
    "EMBEDDING_MODEL": "voyage-4-large",
    "EMBEDDING_DIMENSIONS": "1024",
    "ANTHROPIC_API_KEY": "test",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:1",
    "ANSWER_MODEL": "claude-sonnet-5-5",
    "CHECKPOINT_TABLE": "collections-checkpoints-test",
    "CHECKPOINT_TTL_HOURS": "4",
    "QUERY_EMBEDDING_MODEL": "voyage-4-lite",
    "VECTOR_WEIGHT": "0.6",
    "RERANK_MODEL": "",
    "GIT_SHA": "0123456789abcdef",
    "GIT_TAG": "v1.2.3",
    "COMMIT_TIME": "2026-01-02T03:04:05Z",
    "COGNITO_USER_POOL_ID": "eu-central-1_pool",
    "COGNITO_CLIENT_ID": "client",
    "COGNITO_DOMAIN": "collections-test.auth.eu-central-1.amazoncognito.com",
    "POWERTOOLS_SERVICE_NAME": "api",
}
"""None of the services that it names exists."""


def changed(settings: SettingsT, **values: Any) -> SettingsT:
    """The same settings, but for these."""
    return type(settings)(**{name: getattr(settings, name) for name in fields(type(settings))} | values)
