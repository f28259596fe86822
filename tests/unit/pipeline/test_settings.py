"""What a function knows about its stack: read once, checked, and never shown by accident."""

import json
from decimal import Decimal

import pytest

from runtime.api.settings import ApiSettings
from runtime.settings import DatabaseSettings, PooledDatabaseSettings, Secret, Settings, SettingsError, load
from tests.api_environment import ENVIRONMENT
from tests.unit.aws.service import ENVIRONMENT as AWS
from tests.unit.aws.service import Reply, running_service


class OfDatabase(Settings, PooledDatabaseSettings):
    """Of a function that knows nothing else."""


def test_values_have_their_types() -> None:
    settings = load(ApiSettings, ENVIRONMENT)

    assert settings.max_upload_bytes == 50 * 1024 * 1024
    assert settings.vector_weight == 0.6
    assert settings.monthly_ai_budget_usd == Decimal(0)
    assert settings.database_pool_size == 1, "where nothing is said"
    assert settings.aws_endpoint_url is None


def test_all_that_is_missing_or_wrong_is_named_at_once() -> None:
    broken = {
        **ENVIRONMENT,
        "VECTOR_WEIGHT": "1.5",
        "MAX_UPLOAD_MB": "many",
        "MONTHLY_AI_BUDGET_USD": "-1",
        "EMBEDDING_DIMENSIONS": "512",
    }
    del broken["BUCKET_NAME"], broken["VOYAGE_API_KEY"]

    with pytest.raises(SettingsError) as error:
        load(ApiSettings, broken)

    said = str(error.value).removeprefix("ApiSettings: ").split("; ")
    assert sorted(said) == [
        "bucket_name is missing",
        "embedding_dimensions: Expected `int` >= 1024",
        "max_upload_mb: Expected `int`, got `str`",
        "monthly_ai_budget_usd: Expected a number of dollars >= 0",
        "vector_weight: Expected `float` <= 1.0",
        "voyage_api_key is missing",
    ]


@pytest.mark.parametrize("amount", ["", "nothing", "NaN", "Infinity", "-0.01"])
def test_a_budget_is_an_amount_of_dollars(amount: str) -> None:
    with pytest.raises(SettingsError, match="monthly_ai_budget_usd: Expected a number of dollars >= 0"):
        load(ApiSettings, ENVIRONMENT | {"MONTHLY_AI_BUDGET_USD": amount})


def test_a_secret_is_shown_to_who_asks_for_it_alone() -> None:
    settings = DatabaseSettings(database_url=Secret("postgresql://name:word@host/database"))

    assert "word" not in repr(settings) + str(vars(settings)) + f"{settings.database_url}"
    assert settings.database_url.reveal() == "postgresql://name:word@host/database"


def test_settings_stay_as_they_are() -> None:
    settings = Settings(stack="test")

    with pytest.raises(AttributeError, match="stack is not changed"):
        settings.stack = "other"  # pyright: ignore[reportAttributeAccessIssue]

    assert settings.stack == "test"


def test_what_is_kept_in_parameter_store_is_read_by_name_and_version(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = {"STACK": "test", "DATABASE_URL_PARAMETER": "/collections/test/database/url:3"}
    with running_service() as service:
        service.expect(Reply(body=json.dumps({"Parameter": {"Value": "postgresql://kept"}}).encode()))
        for name, value in {**AWS, "AWS_ENDPOINT_URL": service.url}.items():
            monkeypatch.setenv(name, value)

        settings = load(OfDatabase, stack)

    (asked,) = service.received
    assert json.loads(asked.body) == {"Name": "/collections/test/database/url:3", "WithDecryption": True}
    assert settings.database_url.reveal() == "postgresql://kept"
