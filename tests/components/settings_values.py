"""Values of each setting, as they stand in a stack's file: good ones up to the edges of their range, and bad ones."""

import json
from typing import NamedTuple

from hypothesis import strategies as st

from components.settings_rules import INSTANCE_MEMORY_GIB

DIGEST = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/collections-test-functions@sha256:" + "cd" * 32


class Values(NamedTuple):
    """What one setting may be, and what it may not."""

    good: st.SearchStrategy[str]
    bad: st.SearchStrategy[str]


def _one(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


def _range(least: int, most: int, usual: int) -> Values:
    good = st.one_of(st.sampled_from([least, most]), st.integers(least, min(usual, most)))
    return Values(good.map(str), _one(str(least - 1), str(most + 1), "many", "1.5", ""))


def _concurrency(least: int) -> Values:
    """Rarely more than a small database has connections for."""
    edges = _range(least, 1000, least)
    few = st.integers(least, 12).map(str)
    return Values(st.one_of(few, few, few, edges.good), edges.bad)


def _choice(*values: str) -> Values:
    return Values(_one(*values), _one("", "no such thing", values[0] + "?"))


FLAG = Values(_one("true", "false"), _one("maybe", "", "2"))
MODEL = Values(_one("claude-sonnet-5-5", "claude-haiku-5-5-20260601"), _one("", "a model", "-"))
VOYAGE = _choice("voyage-4-large", "voyage-4", "voyage-4-lite", "voyage-4-nano")
MONEY = Values(_one("0", "0.5", "50", "100000"), _one("-1", "much", "inf", "nan"))

SETTINGS: dict[str, Values] = {
    "langsmithProject": Values(_one("collections", "Ä project"), _one("")),
    "anthropicBaseUrl": Values(
        _one("https://api.anthropic.com", "https://proxy.example.org/anthropic"),
        _one("api.anthropic.com", "https://api.anthropic.com/v1", "http://proxy.example.org", "ftp://x"),
    ),
    "voyageBaseUrl": Values(
        _one("https://api.voyageai.com/v1", "https://proxy.example.org/voyage/v1"),
        _one("https://api.voyageai.com", "http://proxy.example.org/v1", "https://a b/v1"),
    ),
    "analysisModel": MODEL,
    "answerModel": MODEL,
    "embeddingModel": VOYAGE,
    "queryEmbeddingModel": VOYAGE,
    "embeddingDimensions": Values(_one("1024"), _one("512", "2048", "all")),
    "vectorWeight": Values(_one("0", "0.35", "1"), _one("-0.1", "1.1", "nan", "half")),
    "rerankModel": Values(_one("", "rerank-2.5-lite"), _one("best", "rerank-")),
    "analyzerConcurrency": _concurrency(2),
    "embedderConcurrency": _concurrency(2),
    "imageProcessorConcurrency": _concurrency(2),
    "apiReservedConcurrency": _concurrency(1),
    "databaseInstanceClass": _choice(*INSTANCE_MEMORY_GIB),
    "databaseStorageGb": _range(20, 65_536, 100),
    "databaseMaxStorageGb": _range(22, 65_536, 1000),
    "multiAz": FLAG,
    "backupRetentionDays": _range(0, 35, 35),
    "deletionProtection": FLAG,
    "databasePoolSize": _range(1, 20, 3),
    "requireTls": Values(_one("true", "true", "true", "false"), FLAG.bad),
    "natGateways": _range(0, 3, 3),
    "maxUploadMb": _range(1, 200, 200),
    "maxMegapixels": _range(1, 200, 200),
    "allowedOrigins": Values(
        st.lists(
            _one("https://photos.example.org", "http://localhost:3000", "http://127.0.0.1:5173", "*"), unique=True
        ).map(json.dumps),
        _one("https://photos.example.org", '["photos.example.org"]', '["https://a.org/path"]', "{}", "[1]"),
    ),
    "mfa": _choice("off", "optional", "required"),
    "passwordSignIn": Values(_one("false", "false", "false", "true"), FLAG.bad),
    "alarmEmail": Values(_one("on-call@example.org"), _one("nobody", "", "a b@example.org")),
    "logRetentionDays": Values(_one("1", "7", "30", "3653"), _one("2", "0", "4000")),
    "requestsPerSecond": _range(1, 10_000, 100),
    "burst": _range(1, 5_000, 100),
    "checkpointTtlHours": _range(1, 720, 100),
    "monthlyAiAlarmUsd": MONEY,
    "monthlyImageQuota": Values(_one("0", "1000"), _one("-1", "1.5")),
    "monthlyAiBudgetUsd": MONEY,
    "permissionsBoundary": Values(
        _one("arn:aws:iam::123456789012:policy/collections-functions-boundary"),
        _one("boundary", "arn:aws:iam::1:role/x"),
    ),
    "baseImage": Values(
        _one("public.ecr.aws/lambda/python@sha256:" + "ef" * 32), _one("public.ecr.aws/lambda/python:3.13", "python")
    ),
    "imageDigest": Values(_one(DIGEST), _one("latest", "repository:tag", "repository@sha256:12")),
}
"""Every setting but the secret ones."""

GOOD = st.fixed_dictionaries({}, optional={key: values.good for key, values in SETTINGS.items()})
"""Settings that are right by themselves, though perhaps not together."""

ANY = st.fixed_dictionaries(
    {}, optional={key: st.one_of(values.good, values.bad, st.text()) for key, values in SETTINGS.items()}
)
