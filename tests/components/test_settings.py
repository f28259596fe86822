import json
from collections.abc import Mapping

import pulumi
import pytest
from pulumi.runtime import set_all_config

from components.settings import StackSettings
from components.settings_errors import SettingsError

KEYS = {"anthropicApiKey": "sk-secret-1", "voyageApiKey": "pa-secret-2"}


def load(values: Mapping[str, str], stack: str = "prod", secrets: Mapping[str, str] = KEYS) -> StackSettings:
    config = {f"collections:{key}": value for key, value in {**values, **secrets}.items()}
    set_all_config({"aws:region": "eu-west-1", **config}, [f"collections:{key}" for key in secrets])
    return StackSettings.load(pulumi.Config("collections"), stack)


def problems(values: Mapping[str, str], stack: str = "prod", secrets: Mapping[str, str] = KEYS) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(values, stack, secrets)
    return list(raised.value.problems)


def test_values_arrive_as_text_and_become_what_they_mean():
    settings = load(
        {
            "maxUploadMb": "25",
            "multiAz": "true",
            "vectorWeight": "0.35",
            "allowedOrigins": json.dumps(["https://a.example.org", "http://localhost:3000"]),
        }
    )

    assert (settings.max_upload_mb, settings.multi_az, settings.vector_weight) == (25, True, 0.35)
    assert settings.allowed_origins == ("https://a.example.org", "http://localhost:3000")


def test_without_a_value_the_safe_one_holds():
    settings = load({})

    assert settings.deletion_protection is True
    assert settings.require_tls is True
    assert settings.password_sign_in is False
    assert settings.allowed_origins == ()
    assert settings.embedding_dimensions == 1024


def test_all_errors_are_told_at_once_with_key_value_and_what_is_allowed():
    found = problems(
        {
            "maxUplaodMb": "50",
            "maxMegapixels": "lots",
            "natGateways": "9",
            "databaseInstanceClass": "db.huge",
            "logRetentionDays": "8",
            "mfa": "sometimes",
            "embeddingDimensions": "512",
        },
        secrets={"voyageApiKey": "pa-secret-2"},
    )

    assert len(found) == 8
    text = "\n".join(found)
    for expected in (
        "maxUplaodMb is not a setting; did you mean maxUploadMb?",
        "maxMegapixels = 'lots': should be a valid integer",
        "natGateways = '9': should be less than or equal to 3",
        "databaseInstanceClass = 'db.huge'",
        "db.t4g.micro",
        "logRetentionDays = '8': must be one of 1, 3, 5, 7",
        "mfa = 'sometimes': should be 'off', 'optional' or 'required'",
        "embeddingDimensions = '512'",
        "anthropicApiKey is missing",
        "pulumi config set --secret anthropicApiKey",
    ):
        assert expected in text


def test_the_message_never_shows_a_secret():
    with pytest.raises(SettingsError) as raised:
        load({"maxUploadMb": "0"}, secrets={"anthropicApiKey": "", "voyageApiKey": "pa-secret-2"})

    assert "anthropicApiKey = (secret)" in str(raised.value)
    assert "pa-secret-2" not in str(raised.value)
    assert "pa-secret-2" not in repr(load({}))


def test_a_key_in_plain_text_is_refused_without_repeating_it():
    (problem,) = problems({"openaiApiKey": "sk-plain-3"})

    assert "openaiApiKey is stored in plain text" in problem
    assert "sk-plain-3" not in problem


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"allowedOrigins": '["*"]'}, "* is allowed only in local and dev"),
        ({"requireTls": "false"}, "must be true outside local"),
        ({"passwordSignIn": "true"}, "must be false outside local"),
        ({"anthropicBaseUrl": "http://vendor.example.org"}, "must start with https://"),
        ({"voyageBaseUrl": "https://api.voyageai.com"}, "must end in /v1"),
        ({"anthropicBaseUrl": "https://api.anthropic.com/v1"}, "must not end in /v1"),
        ({"databaseStorageGb": "100", "databaseMaxStorageGb": "100"}, "a tenth above databaseStorageGb = 100"),
        ({"allowedOrigins": "https://a.example.org"}, "must be a list"),
        ({"allowedOrigins": '["https://a.example.org/path"]'}, "allowedOrigins"),
        ({"imageDigest": "sha256:" + "ab" * 32}, "repository@sha256"),
        ({"alarmEmail": "nobody"}, "alarmEmail = 'nobody'"),
    ],
)
def test_what_is_unsafe_or_cannot_work_is_refused_in_production(values: dict[str, str], expected: str):
    (problem,) = problems(values)

    assert expected in problem


def test_local_may_do_without_tls_and_let_any_page_in():
    settings = load(
        {
            "allowedOrigins": '["*"]',
            "requireTls": "false",
            "passwordSignIn": "true",
            "anthropicBaseUrl": "http://127.0.0.1:8771",
        },
        stack="local",
    )

    assert settings.allowed_origins == ("*",)
    assert settings.require_tls is False


def test_functions_must_not_open_more_connections_than_the_database_has():
    large = {"analyzerConcurrency": "130", "databasePoolSize": "3", "databaseInstanceClass": "db.t4g.small"}

    (problem,) = problems(large)

    assert "makes 170 connections, db.t4g.small has 158" in problem
    assert load({**large, "databaseInstanceClass": "db.t4g.medium"}).analyzer_concurrency == 130


def test_reserved_concurrency_counts_towards_the_connections():
    (problem,) = problems({"apiReservedConcurrency": "100"})

    assert problem.startswith("databasePoolSize = 2: ")
    assert "makes 210 connections" in problem


def test_a_check_over_several_keys_waits_for_those_that_are_wrong_by_themselves():
    found = problems({"analyzerConcurrency": "1", "databasePoolSize": "20"})

    assert [problem.split(" = ")[0] for problem in found] == ["analyzerConcurrency"]


def test_a_stack_needs_a_name_that_aws_takes():
    (problem,) = problems({}, stack="My_Stack")

    assert "'My_Stack'" in problem
    assert "1-20 of a-z, 0-9 and -" in problem


def test_only_configured_keys_reach_parameter_store():
    settings = load({}, secrets={**KEYS, "tavilyApiKey": "tvly-4"})

    assert sorted(settings.vendor_secrets) == ["anthropic/api_key", "tavily/api_key", "voyage/api_key"]
