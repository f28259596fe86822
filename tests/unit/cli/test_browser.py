"""Signing in on the pool's page: only the answer to this very sign-in counts, and nobody else can redeem it."""

import base64
import hashlib
import json
import socket
import threading
import urllib.request
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from collections_cli import browser
from collections_cli.failures import SignInError
from collections_cli.resources import ClientConfig

CONFIG: ClientConfig = {
    "region": "eu-central-1",
    "user_pool_id": "eu-central-1_AbC",
    "client_id": "client-1",
    "domain": "auth.example",
    "cognito_endpoint": "https://cognito.example",
}
CLAIMS = base64.urlsafe_b64encode(json.dumps({"email": "ada@example.org"}).encode()).rstrip(b"=").decode()

Asked = dict[str, str]


@pytest.fixture(autouse=True)
def _free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(browser, "PORT", probe.getsockname()[1])


def come_back(*answers: Callable[[Asked], Asked]) -> Callable[[str], None]:
    """A browser in which somebody signs in; it comes back with each of the answers in turn."""

    def visit(address: str) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}

        def answer() -> None:
            for each in answers:
                url = f"http://127.0.0.1:{browser.PORT}/callback?{urlencode(each(asked))}"
                with urllib.request.urlopen(url) as page:
                    page.read()

        threading.Thread(target=answer, daemon=True).start()

    return visit


def right(asked: Asked) -> Asked:
    return {"code": "code-1", "state": asked["state"]}


class Pool:
    """Redeems codes."""

    def __init__(self) -> None:
        self.redeemed: list[Asked] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "https://auth.example/oauth2/token"
        self.redeemed.append({name: values[0] for name, values in parse_qs(request.content.decode()).items()})
        given = {"access_token": "a", "refresh_token": "r", "expires_in": 3600, "id_token": f"x.{CLAIMS}.y"}
        return httpx.Response(200, json=given)

    def http(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self.answer))


def test_whoever_signs_in_on_the_page_is_signed_in_here() -> None:
    pool, seen = Pool(), list[Asked]()

    def remember(asked: Asked) -> Asked:
        seen.append(asked)
        return right(asked)

    tokens, email = browser.sign_in(CONFIG, pool.http(), come_back(remember))

    assert (tokens.access_token, tokens.refresh_token, email) == ("a", "r", "ada@example.org")
    (asked,), (redeemed,) = seen, pool.redeemed
    digest = hashlib.sha256(redeemed["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
    assert len(redeemed["code_verifier"]) >= 43  # RFC 7636, section 4.1
    assert (redeemed["code"], redeemed["redirect_uri"]) == ("code-1", asked["redirect_uri"])
    assert asked["redirect_uri"] == "http://localhost:8976/callback", "what the pool knows"


def test_an_answer_to_another_sign_in_is_passed_over() -> None:
    pool = Pool()

    def forged(asked: Asked) -> Asked:
        return {"code": "of-an-attacker", "state": "guessed"}

    browser.sign_in(CONFIG, pool.http(), come_back(forged, lambda asked: {"code": "without-state"}, right))

    assert [each["code"] for each in pool.redeemed] == ["code-1"]


def test_two_sign_ins_share_no_secret() -> None:
    pool = Pool()
    for _ in range(2):
        browser.sign_in(CONFIG, pool.http(), come_back(right))

    first, second = pool.redeemed
    assert first["code_verifier"] != second["code_verifier"]


def test_what_the_page_refuses_is_told() -> None:
    def denied(asked: Asked) -> Asked:
        return {"error": "access_denied", "error_description": "User is disabled.", "state": asked["state"]}

    with pytest.raises(SignInError, match="User is disabled"):
        browser.sign_in(CONFIG, Pool().http(), come_back(denied))


def test_nobody_waits_for_ever() -> None:
    with pytest.raises(SignInError, match="Nobody signed in"):
        browser.sign_in(CONFIG, Pool().http(), lambda address: None, within=0.05)


def test_a_port_that_is_taken_is_told_with_another_way_in() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", browser.PORT))
        other.listen()
        with pytest.raises(SignInError, match=r"Port \d+ of this machine is taken.*with a password"):
            browser.sign_in(CONFIG, Pool().http(), lambda address: None)
