"""A session is kept privately, and renewed before it ends."""

import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from collections_cli.cognito import Tokens
from collections_cli.resources import ClientConfig
from collections_cli.session import NotSignedInError, Session, session_file

CONFIG: ClientConfig = {
    "region": "eu-central-1",
    "user_pool_id": "eu-central-1_AbC",
    "client_id": "client",
    "domain": "auth.example",
    "cognito_endpoint": "https://cognito.example",
}
LATER = timedelta(hours=1)


def session(file: Path, expires_in: timedelta, answer: Callable[[httpx.Request], httpx.Response]) -> Session:
    tokens = Tokens("access-1", "refresh-1", datetime.now(UTC) + expires_in)
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Session("https://api.example", "ada@example.org", CONFIG, tokens, file, http)


def no_call(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"called {request.url}")


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "collections" / "session.json"


def test_only_the_owner_can_read_what_is_kept(file: Path) -> None:
    file.parent.mkdir()
    file.touch(mode=0o644)

    session(file, LATER, no_call).save()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]


def test_what_was_kept_is_loaded(file: Path) -> None:
    kept = session(file, LATER, no_call)
    kept.save()

    loaded = Session.load(file, kept.http)

    assert loaded == kept


def test_a_valid_token_is_used_as_it_is(file: Path) -> None:
    assert session(file, LATER, no_call).token() == "access-1"


def test_a_token_about_to_end_is_renewed_and_kept(file: Path) -> None:
    requests: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(json.loads(request.content))
        return httpx.Response(200, json={"AuthenticationResult": {"AccessToken": "access-2", "ExpiresIn": 3600}})

    ending = session(file, timedelta(seconds=30), answer)

    assert ending.token() == "access-2"
    assert ending.token() == "access-2"
    assert len(requests) == 1
    assert requests[0]["AuthParameters"] == {"REFRESH_TOKEN": "refresh-1"}
    assert Session.load(file, ending.http).tokens.refresh_token == "refresh-1"


def test_a_session_that_has_ended_says_to_sign_in_again(file: Path) -> None:
    body = {"__type": "NotAuthorizedException", "message": "Refresh Token has expired"}

    with pytest.raises(NotSignedInError, match=r"Refresh Token has expired.*collections login"):
        session(file, -LATER, lambda _: httpx.Response(400, json=body)).token()


def test_without_a_session_one_is_told_how_to_get_one(file: Path) -> None:
    with pytest.raises(NotSignedInError, match="collections login --api"):
        Session.load(file, httpx.Client())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"api_url": 1}'])
def test_a_damaged_file_is_named(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)

    with pytest.raises(NotSignedInError, match=r"session\.json cannot be read"):
        Session.load(file, httpx.Client())


def test_the_file_is_where_the_environment_wants_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert session_file() == tmp_path / "collections" / "session.json"


def test_secrets_are_not_shown_with_the_session(file: Path) -> None:
    assert "access-1" not in repr(session(file, LATER, no_call))
