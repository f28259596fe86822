"""A session is kept privately, and renewed before it ends."""

import json
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import keyring
import keyring.backend
import pytest

from collections_cli.cognito import Tokens
from collections_cli.failures import NotSignedInError, UnknownProfileError, UsageError
from collections_cli.profiles import Profiles, checked_name, profiles_file
from collections_cli.resources import ClientConfig
from collections_cli.session import Session
from collections_cli.vault import token_file

CONFIG: ClientConfig = {
    "region": "eu-central-1",
    "user_pool_id": "eu-central-1_AbC",
    "client_id": "client",
    "domain": "auth.example",
    "cognito_endpoint": "https://cognito.example",
}
LATER = timedelta(hours=1)

Answer = Callable[[httpx.Request], httpx.Response]


class Memory(keyring.backend.KeyringBackend):
    """A keyring that works, for as long as the test runs."""

    priority = 1  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Forgetful(Memory):
    """A keyring that takes everything and keeps nothing, as `null` does."""

    def get_password(self, service: str, username: str) -> str | None:
        return None


def use(monkeypatch: pytest.MonkeyPatch, backend: Memory) -> None:
    """Have all of `keyring` use it: left to itself, it would take the best class there is, and these are some."""
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, getattr(backend, name))


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    use(monkeypatch, Forgetful())


@pytest.fixture
def a_keyring(monkeypatch: pytest.MonkeyPatch) -> Memory:
    memory = Memory()
    use(monkeypatch, memory)
    return memory


def no_call(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"called {request.url}")


def session(expires_in: timedelta = LATER, answer: Answer = no_call, name: str = "dev") -> Session:
    tokens = Tokens("access-1", "refresh-1", datetime.now(UTC) + expires_in)
    http = httpx.Client(transport=httpx.MockTransport(answer))
    return Session.start(name, "https://api.example", "ada@example.org", CONFIG, tokens, http)


def renewing(requests: list[dict[str, object]]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(json.loads(request.content))
        return httpx.Response(200, json={"AuthenticationResult": {"AccessToken": "access-2", "ExpiresIn": 3600}})

    return answer


def test_without_a_keyring_only_the_owner_can_read_what_is_kept() -> None:
    file = token_file("dev")
    file.parent.mkdir(parents=True)
    file.touch(mode=0o644)

    kept = session()

    assert kept.profile.place == "file"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [entry.name for entry in file.parent.iterdir()] == [file.name]
    assert stat.S_IMODE(profiles_file().stat().st_mode) == 0o600


def test_a_keyring_that_works_has_the_tokens_and_no_file_does(a_keyring: Memory) -> None:
    kept = session()

    assert kept.profile.place == "keyring"
    assert not token_file("dev").exists()
    assert "access-1" not in profiles_file().read_text()
    assert Session.load("dev", kept.http) == kept


def test_what_was_kept_is_loaded() -> None:
    kept = session()

    assert Session.load(None, kept.http) == kept


def test_a_valid_token_is_used_as_it_is() -> None:
    assert session().token() == "access-1"


def test_a_token_about_to_end_is_renewed_and_kept() -> None:
    requests: list[dict[str, object]] = []
    ending = session(timedelta(seconds=30), renewing(requests))

    assert ending.token() == "access-2"
    assert ending.token() == "access-2"
    assert len(requests) == 1
    assert requests[0]["AuthParameters"] == {"REFRESH_TOKEN": "refresh-1"}
    assert Session.load("dev", ending.http).tokens.refresh_token == "refresh-1"


def test_many_at_once_renew_it_once() -> None:
    requests: list[dict[str, object]] = []
    ending = session(timedelta(seconds=30), renewing(requests))
    start = threading.Barrier(8)

    def ask(_: int) -> str:
        start.wait()
        return ending.token()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"access-2"}
    assert len(requests) == 1


def test_a_session_that_has_ended_says_to_sign_in_again() -> None:
    body = {"__type": "NotAuthorizedException", "message": "Refresh Token has expired"}

    with pytest.raises(NotSignedInError, match=r"Refresh Token has expired.*collections login --profile dev"):
        session(-LATER, lambda _: httpx.Response(400, json=body)).token()


def test_signing_out_has_the_token_revoked_and_forgotten() -> None:
    requests: list[tuple[str, dict[str, object]]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append((request.headers["x-amz-target"].rpartition(".")[2], json.loads(request.content)))
        return httpx.Response(200)

    kept = session(answer=answer)
    kept.end()

    assert requests == [("RevokeToken", {"ClientId": "client", "Token": "refresh-1"})]
    assert not token_file("dev").exists()
    with pytest.raises(NotSignedInError, match="collections login --profile dev"):
        Session.load("dev", kept.http)


def test_without_a_session_one_is_told_how_to_get_one() -> None:
    with pytest.raises(NotSignedInError, match="collections login --api"):
        Session.load(None, httpx.Client())


def test_the_first_profile_is_the_default_until_another_is_chosen() -> None:
    session(name="local")
    session(name="dev")

    assert Profiles.load().find(None).name == "local"
    assert Profiles.load().find("dev").name == "dev"


def test_a_profile_that_is_not_there_is_told_with_those_that_are() -> None:
    session(name="local")

    with pytest.raises(UnknownProfileError, match=r"no profile prod; you have local.*login --profile prod"):
        Profiles.load().find("prod")


@pytest.mark.parametrize("name", ["", "../evil", "a/b", ".hidden", "x" * 41])
def test_a_profiles_name_cannot_lead_out_of_the_folder(name: str) -> None:
    with pytest.raises(UsageError):
        checked_name(name)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"default": 1}', '{"default": "a", "profiles": {"a": {}}}'])
def test_a_damaged_file_is_named(content: str) -> None:
    profiles_file().parent.mkdir(parents=True)
    profiles_file().write_text(content)

    with pytest.raises(NotSignedInError, match=r"profiles\.json cannot be read"):
        Session.load(None, httpx.Client())


@pytest.mark.parametrize("content", ["", "{", "[]", '{"access_token": "a"}'])
def test_damaged_tokens_are_as_good_as_none(content: str) -> None:
    session()
    token_file("dev").write_text(content)

    with pytest.raises(NotSignedInError, match="not in the file any more"):
        Session.load("dev", httpx.Client())


def test_secrets_are_not_shown_with_the_session() -> None:
    assert "access-1" not in repr(session())
