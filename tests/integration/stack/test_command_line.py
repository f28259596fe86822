"""A person's way through the command line, on the whole stack."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from collections_cli.exits import Exit
from collections_cli.main import app
from local.stack import LocalStack
from tests.integration.stack.conftest import SAMPLES, User

Run = Callable[..., Result]


@pytest.fixture
def run(stack: LocalStack, ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command as somebody new, who has signed in."""
    somebody = stack.create_user(f"cli-{secrets.token_hex(4)}@example.org")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("COLLECTIONS_PASSWORD", somebody.password)

    def typed(*arguments: str) -> Result:
        return CliRunner().invoke(app, arguments)

    assert typed("login", "--api", stack.api_url, "--email", somebody.email).exit_code == 0
    return typed


def test_from_an_upload_to_tags_an_album_and_numbers(run: Run, ada: User) -> None:
    def statuses() -> list[str]:
        items = json.loads(run("list", "--json").stdout)
        return [item["status"] for item in items]

    sent = json.loads(
        run("upload", str(SAMPLES / "rain-radar.gif"), str(SAMPLES / "library-card.png"), "--json").stdout
    )
    assert [each["outcome"] for each in sent] == ["uploaded", "uploaded"]
    # By their names.
    second, first = (each["item_id"] for each in sent)
    ada.wait_for(lambda: statuses() == ["searchable"] * 2)
    again = json.loads(run("upload", str(SAMPLES / "library-card.png"), "--json").stdout)
    assert [(each["outcome"], each["item_id"]) for each in again] == [("existed", second)]

    assert run("tag", "add", "Weather", first).exit_code == 0
    assert run("tag", "rename", "weather", "Rain").exit_code == 0
    assert run("album", "create", "Keep").exit_code == 0
    assert "2 put into Keep" in run("album", "add", "Keep", first, second).stderr
    assert run("edit", second, "--title", "My card").exit_code == 0
    assert json.loads(run("show", second, "--json").stdout)["title"] == "My card"

    assert [item["id"] for item in json.loads(run("list", "--tag", "rain", "--json").stdout)] == [first]
    assert len(json.loads(run("album", "show", "keep", "--json").stdout)) == 2
    counted = json.loads(run("status", "--json").stdout)
    assert (counted["items"], counted["tags"], counted["albums"]) == (2, 1, 1)
    assert json.loads(run("usage", "--json").stdout)["images"]["used"] == 2
    assert len(json.loads(run("similar", first, "--json").stdout)) == 1
    assert run("album", "show", "Nowhere").exit_code == Exit.NOT_FOUND

    for shown in (run("status"), run("usage"), run("tag", "list"), run("album", "list"), run("duplicates", first)):
        assert shown.exit_code == 0, shown.output
    assert all(each["done"] for each in json.loads(run("delete", "--yes", first, second, "--json").stdout))
    assert statuses() == []
