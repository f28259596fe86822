"""The program starts with no more than it needs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from collections_cli.catalogue import COMMANDS, SECTIONS, help_text
from collections_cli.main import app

CLI = Path(__file__).parents[3] / "cli"
IMPORTED = """
import json, sys
sys.argv = ["collections", *json.loads(sys.argv[1])]
from collections_cli.entry import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
HEAVY = {"httpx", "rich.console", "boto3", "keyring", "watchfiles"}


def imported_by(*arguments: str) -> set[str]:
    """Modules that the command has imported when it ends."""
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED, json.dumps(arguments)],
        env={"PYTHONPATH": str(CLI)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(ended.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [(), ("--help",), ("--version",)])
def test_help_imports_no_framework(arguments: tuple[str, ...]) -> None:
    assert not imported_by(*arguments) & (HEAVY | {"typer", "inspect"})


@pytest.mark.parametrize("name", ["upload", "album", "ask"])
def test_a_commands_help_imports_the_framework_and_no_other_command(name: str) -> None:
    imported = imported_by(name, "--help")

    assert not imported & HEAVY
    others = {f"collections_cli.{entry.module}" for entry in COMMANDS.values()} - {
        f"collections_cli.{COMMANDS[name].module}"
    }
    assert not imported & others


def test_help_with_and_without_the_framework_is_the_same() -> None:
    assert CliRunner().invoke(app, ["--help"]).stdout == help_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_that_help_names_is_there_with_help_of_its_own(name: str) -> None:
    result = CliRunner().invoke(app, [name, "--help"])

    assert result.exit_code == 0, result.output
    assert f"{name} [OPTIONS]" in result.output


def test_help_names_each_command_in_its_section() -> None:
    text = help_text()

    assert [line[:-1] for line in text.splitlines() if line.endswith(":") and not line.startswith(("U", "O"))] == [
        section for section in SECTIONS if not section.startswith("O")
    ]
    for name, entry in COMMANDS.items():
        assert any(line.split() == [name, *entry.summary.split()] for line in text.splitlines())


def test_an_unknown_command_is_wrong_usage_and_a_like_one_is_suggested() -> None:
    result: Any = CliRunner().invoke(app, ["uplod"])

    assert result.exit_code == 2
    assert "upload" in result.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    environment = {
        "_COLLECTIONS_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "collections up",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "collections up",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "PYTHONPATH": str(CLI),
    }

    ended = subprocess.run(
        [sys.executable, "-m", "collections_cli"], env=environment, capture_output=True, text=True, check=True
    )

    assert "upload" in ended.stdout
