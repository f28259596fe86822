"""What stack `local` is configured with."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.configuration import local_config, needs_stand_ins, read_keys
from local.ports import PortError, Ports
from local.program import ConfigError

STACK_FILE = """
config:
  aws:region: eu-west-1
  tiny:anthropicBaseUrl: http://somewhere
  tiny:voyageBaseUrl: http://somewhere/v1
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: tiny\n")
    (tmp_path / "Pulumi.local.yaml").write_text(STACK_FILE)
    return tmp_path


def test_without_keys_the_stand_ins_are_called_with_a_placeholder(root: Path) -> None:
    config = local_config(root, read_keys(root), 8000, {})

    assert config.config["tiny:anthropicBaseUrl"] == "http://127.0.0.1:8000"
    assert config.config["tiny:voyageBaseUrl"] == "http://127.0.0.1:8000/v1"
    assert config.config["tiny:anthropicApiKey"] == config.config["tiny:openaiApiKey"] == "local"
    assert {"tiny:anthropicApiKey", "tiny:voyageApiKey"} <= config.secret_keys
    assert needs_stand_ins({})


def test_a_key_in_the_env_file_calls_that_vendor_and_no_other(root: Path) -> None:
    (root / ".env").write_text('VOYAGE_API_KEY="pa-1"\nANTHROPIC_API_KEY=\nUNRELATED=x\n')
    keys = read_keys(root)

    config = local_config(root, keys, 8000, {})

    assert keys == {"voyageApiKey": "pa-1"}
    assert config.config["tiny:voyageApiKey"] == "pa-1"
    assert "tiny:voyageBaseUrl" not in config.config
    assert config.config["tiny:anthropicBaseUrl"] == "http://127.0.0.1:8000"
    assert needs_stand_ins(keys)


def test_with_both_keys_no_stand_ins_are_needed() -> None:
    assert not needs_stand_ins({"anthropicApiKey": "a", "voyageApiKey": "b"})


def test_overrides_come_last(root: Path) -> None:
    config = local_config(root, {}, 8000, {"anthropicBaseUrl": "http://elsewhere", "burst": "7"})

    assert config.config["tiny:anthropicBaseUrl"] == "http://elsewhere"
    assert config.config["tiny:burst"] == "7"


def test_a_stack_without_region_is_refused(root: Path) -> None:
    (root / "Pulumi.local.yaml").write_text("config: {}")

    with pytest.raises(ConfigError, match="lacks aws:region"):
        local_config(root, {}, 8000, {})


def test_ports_can_be_chosen_by_the_environment() -> None:
    assert Ports.from_environment({"EMULATOR_PORT": "5000"}) == Ports(emulator=5000)


@pytest.mark.parametrize("value", ["", "0", "65536", "http", "-1", "٤٥٦٦"])
def test_what_is_no_port_is_refused(value: str) -> None:
    with pytest.raises(PortError, match=f"MODELS_PORT={value} is not a port"):
        Ports.from_environment({"MODELS_PORT": value})
