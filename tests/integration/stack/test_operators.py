"""The operators' commands, on the stack of this machine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from collections_cli.client import Client
from collections_cli.cognito import Question, SignInError, UserPool
from collections_cli.exits import Exit
from collections_cli.main import app
from local.stack import LocalStack
from tests.integration.stack.conftest import SAMPLES, User

Run = Callable[..., Result]
PASSWORD = "correct-Horse-battery-9"


@pytest.fixture
def run(stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command in the folder whose stack is running."""
    (tmp_path / ".local").symlink_to(stack.folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLLECTIONS_PASSWORD", PASSWORD)
    return lambda *arguments: CliRunner().invoke(app, ["admin", *arguments, "--stack", "local"])


def people(run: Run) -> dict[str, bool]:
    """Who is in the pool, and may sign in."""
    return {each["email"]: each["enabled"] for each in json.loads(run("user", "list", "--json").stdout)}


def sign_in(stack: LocalStack, http: httpx.Client, email: str) -> str:
    def refuse(question: Question) -> str:
        raise AssertionError(f"asked for {question}")

    return UserPool(Client(stack.api_url, http=http).config(), http).sign_in(email, PASSWORD, refuse).access_token


def test_a_user_is_let_in_and_shut_out_again(run: Run, stack: LocalStack, http: httpx.Client) -> None:
    created = run("user", "create", "grace@example.com", "--password")
    assert created.exit_code == 0, created.stderr
    assert sign_in(stack, http, "grace@example.com")

    assert run("user", "disable", "grace@example.com").exit_code == 0

    assert people(run)["grace@example.com"] is False
    with pytest.raises(SignInError):
        sign_in(stack, http, "grace@example.com")

    assert run("user", "enable", "grace@example.com").exit_code == 0
    assert sign_in(stack, http, "grace@example.com")


def test_an_invited_user_has_to_choose_a_password(run: Run, stack: LocalStack) -> None:
    assert run("user", "create", "linus@example.com").exit_code == 0

    user = stack.client("cognito-idp").admin_get_user(
        UserPoolId=stack.outputs["userPoolId"], Username="linus@example.com"
    )
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("user", "create", "twice@example.com"), "twice@example.com is a user already"),
        (("user", "disable", "nobody@example.com"), "nobody@example.com is no user of this stack"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(run: Run, command: tuple[str, ...], said: str) -> None:
    run("user", "create", "twice@example.com")

    result = run(*command)

    assert (result.exit_code, result.stderr) == (1, f"collections: {said}\n")


def test_a_stack_shows_its_exports_and_what_tests_need(run: Run, stack: LocalStack) -> None:
    assert json.loads(run("outputs", "--json").stdout) == stack.outputs
    assert run("outputs", "--env").stdout.splitlines() == [
        f"API_BASE_URL={stack.api_url}",
        f"COGNITO_USER_POOL_ID={stack.outputs['userPoolId']}",
        f"COGNITO_CLIENT_ID={stack.outputs['userPoolClientId']}",
    ]


def test_the_smoke_test_goes_the_whole_way_and_leaves_nobody_behind(run: Run) -> None:
    before = people(run)

    result = run("smoke")

    assert result.exit_code == 0, result.stderr
    steps = result.stdout.splitlines()
    assert [step[0] for step in steps] == ["✓"] * 5
    assert "is found by its text" in steps[3]
    assert people(run) == before


def test_dead_letters_are_moved_by_the_command_too(run: Run) -> None:
    result = run("redrive", "--stage", "embedding")

    assert "moved 0 messages back to the queue of embedding on stack local" in result.stdout


def test_one_images_story_is_read_across_all_functions_in_the_order_of_time(run: Run, ada: User) -> None:
    item = ada.upload(SAMPLES / "receipt-mill-lane-bakery.jpg")

    lines = json.loads(run("logs", "--item", item["id"], "--json").stdout)

    functions = list(dict.fromkeys(line["function"] for line in lines))
    assert functions == ["api", "image_processor", "analyzer", "embedder"]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert run("logs", "--item", "no-such-image").exit_code == Exit.NOT_FOUND


def test_an_image_is_analysed_anew_for_an_operator_and_for_nobody_elses_images(run: Run, ada: User, bob: User) -> None:
    item, others = (
        ada.upload(SAMPLES / "receipt-mill-lane-bakery.jpg"),
        bob.upload(SAMPLES / "receipt-mill-lane-bakery.jpg"),
    )

    result = run("reprocess", "--stage", "analysis", "--item", item["id"], "--yes")

    assert "1 image is on its way to analysis." in result.stderr
    ada.wait_for(lambda: len(ada.client.analyses(item["id"])) == 2)
    assert len(bob.client.analyses(others["id"])) == 1


def test_an_image_that_may_wait_is_analysed_by_a_batch(run: Run, stack: LocalStack, ada: User) -> None:
    item = ada.upload(SAMPLES / "receipt-mill-lane-bakery.jpg")

    result = run("reprocess", "--stage", "analysis", "--item", item["id"], "--batch", "--yes")

    assert "1 image by claude-sonnet-5-5: about $0.01 in batches" in result.stderr
    assert "1 image is on its way to analysis, which may take a day." in result.stderr
    functions, name = stack.client("lambda"), stack.outputs["functions"]["batcher"]

    def analysed() -> bool:
        answer = functions.invoke(FunctionName=name)
        assert "FunctionError" not in answer, answer["Payload"].read()
        return len(ada.client.analyses(item["id"])) == 2

    ada.wait_for(analysed)
    assert run("reprocess", "--stage", "embedding", "--item", item["id"], "--batch").exit_code == Exit.USAGE


def test_whose_images_are_sent_again_has_to_be_said(run: Run) -> None:
    result = run("reindex")

    assert (result.exit_code, result.stderr) == (
        Exit.USAGE,
        "collections: Say whose: --user EMAIL, --item ID, or --everybody.\n",
    )


def test_what_could_not_be_restored_is_told(run: Run) -> None:
    result = run("backup-check")

    assert result.exit_code == Exit.INCOMPLETE
    assert "the database keeps no backups" in result.stdout
    assert "✓ images" in result.stdout
