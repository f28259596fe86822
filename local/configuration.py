"""The configuration of stack `local`: its file, the person's own keys, and the ports in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dotenv import dotenv_values

from local.ports import HOST
from local.program import ConfigError, load_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.program import StackConfig

STACK = "local"
REGION = "aws:region"
PLACEHOLDER = "local"
"""Stands for a key where there is none: the stand-ins take any."""

_KEYS = {
    "ANTHROPIC_API_KEY": "anthropicApiKey",
    "VOYAGE_API_KEY": "voyageApiKey",
    "OPENAI_API_KEY": "openaiApiKey",
    "TAVILY_API_KEY": "tavilyApiKey",
    "LANGSMITH_API_KEY": "langsmithApiKey",
}


class _Vendor(NamedTuple):
    key: str
    address: str
    path: str


_VENDORS = (_Vendor("anthropicApiKey", "anthropicBaseUrl", ""), _Vendor("voyageApiKey", "voyageBaseUrl", "/v1"))


def read_keys(root: Path) -> dict[str, str]:
    """The vendors' keys in `.env`, by the name of the configuration value."""
    values = dotenv_values(root / ".env")
    return {name: value for variable, name in _KEYS.items() if (value := values.get(variable))}


def needs_stand_ins(keys: Mapping[str, str]) -> bool:
    """Whether a vendor is not called with a key of the person's."""
    return any(vendor.key not in keys for vendor in _VENDORS)


def local_config(root: Path, keys: Mapping[str, str], models_port: int, overrides: Mapping[str, str]) -> StackConfig:
    """The configuration to deploy: real vendors where there is a key, the stand-ins elsewhere.

    Raises ConfigError if a file or a required value is missing.
    """
    secrets = {**dict.fromkeys(_KEYS.values(), PLACEHOLDER), **keys}
    addresses = {
        vendor.address: None if vendor.key in keys else f"http://{HOST}:{models_port}{vendor.path}"
        for vendor in _VENDORS
    }
    config = load_config(root, STACK, secrets).replaced(addresses).replaced(dict(overrides))
    if REGION not in config.config:
        raise ConfigError(f"Pulumi.{STACK}.yaml lacks {REGION}")
    return config
