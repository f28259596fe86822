"""Signing in on the user pool's own page: authorization code with PKCE (RFC 7636), and an answer on this machine
(RFC 8252). No password comes near this program, and any second factor works."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import secrets
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from collections_cli.cognito import Tokens, tokens_of
from collections_cli.failures import SignInError, UnreachableError

if TYPE_CHECKING:
    from collections_cli.resources import ClientConfig

PORT = 8976
"""The pool sends people back to this port only."""
PATH = "/callback"
CALLBACK = f"http://localhost:{PORT}{PATH}"
SCOPES = "openid email profile"
WITHIN_SECONDS = 300.0

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Collections</title>
<body style="font: 1.1rem system-ui; margin: 20vh auto; max-width: 30rem; text-align: center">
<h1>{title}</h1><p>{text}</p></body></html>"""


def sign_in(
    config: ClientConfig, http: httpx.Client, open_page: Callable[[str], Any], *, within: float = WITHIN_SECONDS
) -> tuple[Tokens, str]:
    """Have somebody sign in on the page that `open_page` is given; their tokens, and their email.

    Raises `SignInError` and `UnreachableError`.
    """
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    with _listening() as server:
        open_page(_page_address(config, verifier, state))
        code = _answer(server, state, time.monotonic() + within)
    return _redeem(config, http, code, verifier)


def _page_address(config: ClientConfig, verifier: str, state: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": config["client_id"],
        "redirect_uri": CALLBACK,
        "scope": SCOPES,
        "state": state,
        "code_challenge": _without_padding(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    return f"https://{config['domain']}/oauth2/authorize?{urlencode(asked)}"


class _Server(HTTPServer):
    """Waits for the browser to come back; what it brought is in `received`."""

    received: dict[str, list[str]] | None = None


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Take the answer of the sign-in page, and show that it has come."""
        asked = urlsplit(self.path)
        if asked.path != PATH:
            self.send_error(404)
            return
        received = parse_qs(asked.query)
        cast("_Server", self.server).received = received
        said = received.get("error_description", received.get("error", [""]))[0]
        title = "Not signed in" if said else "Signed in"
        text = html.escape(said) if said else "You can close this page and go back to the terminal."
        body = _PAGE.format(title=title, text=text).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: the address holds the code."""


def _listening() -> _Server:
    try:
        return _Server(("127.0.0.1", PORT), _Handler)
    except OSError as error:
        raise SignInError(
            f"Port {PORT} of this machine is taken, and the sign-in page answers to no other. End what uses "
            "it (another login?), or sign in with a password: collections login --email YOU"
        ) from error


def _answer(server: _Server, state: str, deadline: float) -> str:
    """The code that the browser brings back for this very sign-in."""
    while (remaining := deadline - time.monotonic()) > 0:
        server.timeout = remaining
        server.received = None
        server.handle_request()
        received = cast("dict[str, list[str]] | None", server.received)
        if received is None or not hmac.compare_digest(received.get("state", [""])[0], state):
            continue  # another page's, or somebody's guess
        if "code" in received:
            return received["code"][0]
        raise SignInError(received.get("error_description", received.get("error", ["no code came back"]))[0])
    raise SignInError("Nobody signed in on the page within five minutes. Run the command again.")


def _redeem(config: ClientConfig, http: httpx.Client, code: str, verifier: str) -> tuple[Tokens, str]:
    url = f"https://{config['domain']}/oauth2/token"
    form = {
        "grant_type": "authorization_code",
        "client_id": config["client_id"],
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": verifier,
    }
    try:
        answer = http.post(url, data=form)
    except httpx.TransportError as error:
        raise UnreachableError.silent(url, error) from error
    if not answer.is_success:
        raise SignInError(f"The user pool did not take the sign-in (HTTP {answer.status_code}). Run the command again.")
    given = cast("dict[str, Any]", answer.json())
    renamed = {
        "AccessToken": given["access_token"],
        "RefreshToken": given.get("refresh_token", ""),
        "ExpiresIn": given["expires_in"],
    }
    return tokens_of(renamed, ""), _email_in(str(given.get("id_token", "")))


def _email_in(id_token: str) -> str:
    """Who the token is about, to be shown; it came from the pool itself, over TLS."""
    payload = id_token.split(".")[1] if id_token.count(".") == 2 else ""
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)) or b"{}")
    return str(claims.get("email", ""))


def _without_padding(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
