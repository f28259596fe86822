"""The command `collections`, as somebody types it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from collections_cli import connection
from collections_cli.cognito import Tokens
from collections_cli.commands import access, account, doctor
from collections_cli.exits import Exit
from collections_cli.main import app
from collections_cli.profiles import profiles_file
from collections_cli.resources import ClientConfig
from collections_cli.session import Session

CONFIG: ClientConfig = {
    "region": "eu-central-1",
    "user_pool_id": "eu-central-1_AbC",
    "client_id": "client",
    "domain": "auth.example",
    "cognito_endpoint": "https://cognito.example",
}
ITEM = {
    "id": "11111111-1111-4111-8111-111111111111",
    "status": "searchable",
    "stage": None,
    "error": None,
    "duplicate_of": None,
    "original_filename": "beach.jpg",
    "mime_type": "image/jpeg",
    "file_size": 12345,
    "width": 640,
    "height": 480,
    "sha256": "00",
    "retryable": False,
    "taken_at": None,
    "camera": None,
    "title": None,
    "category": "Travel",
    "tags": ["sea"],
    "note": None,
    "created_at": "2026-01-02T03:04:05Z",
    "latest_analysis": {"category": "Travel", "headline": "A [sandy] beach", "summary": "", "answered_by": "claude"},
    "image_url": None,
    "thumbnail_url": None,
}

Answer = Callable[[httpx.Request], httpx.Response]
Run = Callable[..., Result]


@pytest.fixture(name="run")
def _run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Types a command; the API answers as `answer` says."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")

    def run(*arguments: str, answer: Answer, stdin: str | None = None) -> Result:
        def http() -> httpx.Client:
            return httpx.Client(transport=httpx.MockTransport(answer))

        for module in (connection, access, account, doctor):
            monkeypatch.setattr(module, "http", http)
        return CliRunner().invoke(app, arguments, input=stdin)

    return run


@pytest.fixture(name="signed_in")
def _signed_in(run: Run) -> None:
    tokens = Tokens("access-1", "refresh-1", datetime.now(UTC) + timedelta(hours=1))
    Session.start("default", "https://api.example", "ada@example.org", CONFIG, tokens, httpx.Client())


def always(status: int, json: Any) -> Answer:
    """Whatever is asked."""

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=json)

    return answer


def no_call(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"called {request.url}")


def test_without_signing_in_one_is_told_how_to(run: Run) -> None:
    result = run("list", answer=no_call)

    assert result.exit_code == Exit.SIGN_IN
    assert "collections login --api" in result.stderr


@pytest.mark.usefixtures("signed_in")
def test_list_shows_headlines_as_they_are(run: Run) -> None:
    page = {"items": [ITEM], "total": 1, "next_cursor": None}

    result = run("list", answer=always(200, json=page))

    assert result.exit_code == 0
    assert str(ITEM["id"]) in result.stdout
    assert "A [sandy] beach" in result.stdout


@pytest.mark.usefixtures("signed_in")
def test_list_says_why_an_image_failed(run: Run) -> None:
    broken = ITEM | {"status": "failed", "error": "The file is cut off.", "latest_analysis": None}
    page = {"items": [broken], "total": 1, "next_cursor": None}

    result = run("list", answer=always(200, json=page))

    assert "beach.jpg: The file is cut off." in " ".join(result.stdout.split())


@pytest.mark.usefixtures("signed_in")
def test_json_is_what_the_api_answered(run: Run) -> None:
    result = run("show", "1", "--json", answer=always(200, json=ITEM))

    assert json.loads(result.stdout) == ITEM


@pytest.mark.usefixtures("signed_in")
def test_search_shows_the_best_first(run: Run) -> None:
    result_of: dict[str, Any] = {"category": "Travel", "metadata": {}, "score_type": "bm25", "item_id": "i"}
    results = [result_of | {"rank": 1, "score": 0.91, "headline": "A beach"}]

    def answer(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content)["search_type"] == "bm25"
        return httpx.Response(200, json={"results": results})

    result = run("search", "beach", "--by", "bm25", answer=answer)

    assert "0.910" in result.stdout
    assert "A beach" in result.stdout


@pytest.mark.usefixtures("signed_in")
def test_a_search_that_finds_nothing_says_so(run: Run) -> None:
    result = run("search", "xylophone", answer=always(200, json={"results": []}))

    assert (result.exit_code, result.stdout) == (0, "Nothing matches.\n")


@pytest.mark.usefixtures("signed_in")
def test_upload_takes_the_images_of_a_folder_and_goes_on_after_a_refusal(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in ("a.jpg", "b.png", "notes.txt"):
        (folder / name).write_text(name)

    def answer(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["filename"] == "a.jpg":
            return httpx.Response(413, json={"detail": "size: too large."})
        return httpx.Response(200, json={"id": "7"})

    result = run("upload", str(folder), answer=answer)

    assert result.exit_code == Exit.INCOMPLETE
    assert "a.jpg: size: too large." in result.stderr
    assert "0 uploaded, 1 were there already, 1 failed." in result.stdout


@pytest.mark.usefixtures("signed_in")
def test_nothing_is_deleted_without_a_yes(run: Run) -> None:
    assert run("delete", "1", answer=no_call, stdin="n\n").exit_code == 1


@pytest.mark.usefixtures("signed_in")
def test_delete_deletes_each(run: Run) -> None:
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(f"{request.method} {request.url.path}")
        return httpx.Response(200, json={"status": "deleted"})

    assert run("delete", "1", "2", "--yes", answer=answer).exit_code == 0
    assert paths == ["DELETE /items/1", "DELETE /items/2"]


@pytest.mark.usefixtures("signed_in")
def test_a_refusal_is_told_with_its_request_id(run: Run) -> None:
    problem = {"detail": "You have no item 9.", "request_id": "r-1"}

    result = run("show", "9", answer=always(404, json=problem))

    assert result.exit_code == Exit.NOT_FOUND
    assert "You have no item 9." in result.stderr
    assert "r-1" in result.stderr


def test_login_at_an_address_where_nobody_answers_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLECTIONS_PASSWORD", "secret")

    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    result = run("login", "--api", "https://api.example", "--email", "ada@example.org", answer=answer)

    assert result.exit_code == Exit.UNAVAILABLE
    assert "https://api.example does not answer" in result.stderr
    assert not profiles_file().exists()


@pytest.mark.usefixtures("signed_in")
@pytest.mark.parametrize(("parts", "names"), [(["one"], ["all.zip"]), (["one", "two"], ["all-001.zip", "all-002.zip"])])
def test_an_export_is_waited_for_and_every_part_of_it_kept(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[str], names: list[str]
) -> None:
    monkeypatch.setattr(account, "FIRST_LOOK_SECONDS", 0.0)
    states = iter(["requested", "running"])

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "bucket.example":
            return httpx.Response(200, content=request.url.path.encode())
        if request.method == "POST":
            return httpx.Response(202, json={"status": "requested", "request_id": "7"})
        state = next(states, "done")
        files = [{"url": f"https://bucket.example/{part}", "file_size": 4, "items": 1} for part in parts]
        made = files if state == "done" else []
        return httpx.Response(200, json={"request_id": "7", "state": state, "error": None, "parts": made})

    folder = tmp_path / "exports"
    folder.mkdir()
    result = run("export", str(folder / "all.zip"), answer=answer)

    assert result.exit_code == 0, result.output
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: f"/{part}" for name, part in zip(names, parts, strict=True)
    }


@pytest.mark.usefixtures("signed_in")
def test_an_export_does_not_replace_a_file_unasked(run: Run, tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_text("of last week")

    result = run("export", str(tmp_path / "all.zip"), answer=no_call)

    assert result.exit_code == Exit.USAGE
    assert "say --force" in result.stderr
