"""The operators' commands that call Pulumi, with a Pulumi that only writes down what it was asked."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from collections_cli.admin.parameters import PLAIN, SECRETS
from collections_cli.main import app
from components.settings import StackSettings

PULUMI = """#!{python}
import json, sys
asked = {{"arguments": sys.argv[1:], "stdin": sys.stdin.read()}}
with open({log!r}, "a") as log:
    log.write(json.dumps(asked) + "\\n")
if {refuse!r} and {refuse!r} in sys.argv:
    sys.exit("error: passphrase must be set")
if "output" in sys.argv:
    print({outputs!r})
"""
OUTPUTS = {"apiUrl": "https://api", "userPoolId": "eu-west-1_Pool", "userPoolClientId": "c", "functions": {"api": "f"}}

Run = Callable[..., Result]
Install = Callable[..., None]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "asked"


@pytest.fixture
def install(tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a Pulumi on the PATH; it fails when `refuse` is among its arguments."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.chdir(tmp_path)

    def write(refuse: str = "", outputs: dict[str, Any] = OUTPUTS) -> None:
        text = PULUMI.format(python=sys.executable, log=str(log), refuse=refuse, outputs=json.dumps(outputs))
        (programs / "pulumi").write_text(text)
        (programs / "pulumi").chmod(0o755)

    return write


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["admin", *arguments])


def asked(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def env_file(tmp_path: Path, text: str) -> str:
    (tmp_path / ".env").write_text(text)
    return str(tmp_path / ".env")


def test_an_env_file_becomes_settings_and_no_key_is_seen_on_the_way(
    install: Install, log: Path, tmp_path: Path
) -> None:
    install()
    file = env_file(
        tmp_path,
        'ANTHROPIC_API_KEY="sk-ant-1"\nVOYAGE_API_KEY=pa-2\nALARM_EMAIL=me@example.org\nTAVILY_API_KEY=\nHOME_PAGE=x\n',
    )

    result = run("params", "import", file, "--stack", "dev")

    assert result.exit_code == 0, result.stderr
    calls = {call["arguments"][2]: call for call in asked(log)}
    assert {key: call["stdin"] for key, call in calls.items()} == {
        "collections:anthropicApiKey": "sk-ant-1",
        "collections:voyageApiKey": "pa-2",
        "collections:alarmEmail": "me@example.org",
    }
    secret = {key for key, call in calls.items() if "--secret" in call["arguments"]}
    assert secret == {"collections:anthropicApiKey", "collections:voyageApiKey"}
    assert all("dev" in call["arguments"] for call in calls.values())
    told = result.stdout + result.stderr
    assert "sk-ant-1" not in told + json.dumps([call["arguments"] for call in calls.values()])
    assert [line.split()[-1] for line in result.stdout.splitlines()] == [
        "ANTHROPIC_API_KEY",
        "VOYAGE_API_KEY",
        "ALARM_EMAIL",
        "TAVILY_API_KEY",
        "HOME_PAGE",
    ]


def test_when_pulumi_refuses_it_is_told_what_has_been_set_before(install: Install, tmp_path: Path) -> None:
    install(refuse="collections:voyageApiKey")
    file = env_file(tmp_path, "ANTHROPIC_API_KEY=sk-ant-1\nVOYAGE_API_KEY=pa-2\n")

    result = run("params", "import", file, "--stack", "dev")

    assert result.exit_code == 1
    assert "VOYAGE_API_KEY was not set" in result.stderr
    assert "passphrase must be set" in result.stderr
    assert "Set before it: ANTHROPIC_API_KEY" in result.stderr
    assert "pa-2" not in result.stderr


@pytest.mark.parametrize(
    ("stack", "content", "said"),
    [
        ("local", "ANTHROPIC_API_KEY=x", "stack local reads .env by itself"),
        ("dev", "SOMETHING=else", "has none of ANTHROPIC_API_KEY, "),
    ],
)
def test_an_import_that_would_set_nothing_is_refused(
    install: Install, log: Path, tmp_path: Path, stack: str, content: str, said: str
) -> None:
    install()

    result = run("params", "import", env_file(tmp_path, content), "--stack", stack)

    assert result.exit_code == 1
    assert said in result.stderr
    assert asked(log) == []


def test_without_pulumi_it_is_told_where_to_get_it(install: Install) -> None:
    result = run("outputs", "--stack", "dev")

    assert result.exit_code == 1
    assert "https://www.pulumi.com/docs/install" in result.stderr


def test_the_exports_of_a_stack_are_those_that_pulumi_tells(install: Install, log: Path) -> None:
    install()

    result = run("outputs", "--stack", "prod", "--json")

    assert json.loads(result.stdout) == OUTPUTS
    assert asked(log)[0]["arguments"][:5] == ["stack", "output", "--json", "--stack", "prod"]


def test_a_stack_that_was_never_deployed_is_told_apart(install: Install) -> None:
    install(outputs={})

    result = run("user", "list", "--stack", "dev")

    assert result.exit_code == 1
    assert "pulumi up --stack dev" in result.stderr


def test_where_no_local_stack_runs_it_is_told_how_to_start_one(install: Install) -> None:
    assert "make local" in run("smoke", "--stack", "local").stderr


def test_keys_are_secret_and_all_names_are_settings() -> None:
    fields = {name: field.alias for name, field in StackSettings.model_fields.items()}

    assert set(SECRETS.values()) == {fields[name] for name in StackSettings.secret_fields()}
    assert set(PLAIN.values()) <= set(fields.values()) - set(SECRETS.values())
