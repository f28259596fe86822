"""`collections login`, `logout` and `profile`."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from collections_cli.connection import http
from collections_cli.failures import SignInError, UnreachableError, UsageError
from collections_cli.options import AsJson, Profile, command_group
from collections_cli.terminal import explained, output, say, show_json

if TYPE_CHECKING:
    import httpx

    from collections_cli.cognito import Question, Tokens
    from collections_cli.profiles import Profiles
    from collections_cli.resources import ClientConfig

app = command_group()
profile_app = command_group("Choose between several stacks, such as local, dev and prod.")
app.add_typer(profile_app, name="profile")

LOCAL_STACK = Path(".local") / "stack.json"
"""Where the stack that runs in this folder says its address."""


@app.command()
def login(
    api: Annotated[str | None, typer.Option(help="Address of the API; once for a profile.", metavar="URL")] = None,
    email: Annotated[str | None, typer.Option(help="Your address in the user pool.")] = None,
    browser: Annotated[
        bool, typer.Option("--browser", help="Sign in on the user pool's page instead, with any second factor.")
    ] = False,
    profile: Profile = None,
) -> None:
    """Sign in. What you get is kept in the system's keyring, or in a file that only you can read.

    The password is asked for, or taken from COLLECTIONS_PASSWORD; it is proved, and never sent.
    """
    from collections_cli.client import Client
    from collections_cli.profiles import Profiles, checked_name
    from collections_cli.session import Session

    with explained(), http() as connection:
        profiles = Profiles.load()
        name = checked_name(profile or profiles.default)
        address = api or _known_address(profiles, name)
        config = Client(address, http=connection).config()
        if browser:
            tokens, who = _by_browser(config, connection)
        else:
            who = email or _known_email(profiles, name) or str(typer.prompt("Email", err=True))
            tokens = _by_password(config, who, connection)
        session = Session.start(name, address, who, config, tokens, connection)
        place = "the system's keyring" if session.profile.place == "keyring" else "a file that only you can read"
        say(f"Signed in as {who}, profile {name}; the session is kept in {place}.", "green")


@app.command()
def logout(profile: Profile = None) -> None:
    """Forget a profile's session, here and in the user pool. The profile stays."""
    from collections_cli.session import Session

    with explained(), http() as connection:
        session = Session.load(profile, connection)
        name = session.profile.name
        try:
            session.end()
        except UnreachableError:
            say(
                "The user pool does not answer: the session is forgotten here, and ends there within 30 days.", "yellow"
            )
        say(f"Signed out of profile {name}.")


@profile_app.command("list")
def list_profiles(as_json: AsJson = False) -> None:
    """Show the stacks that you have signed in to."""
    from collections_cli.profiles import SIGN_IN, Profiles

    with explained():
        profiles = Profiles.load()
    rows = [
        {
            "name": each.name,
            "default": each.name == profiles.default,
            "api_url": each.api_url,
            "email": each.email,
            "tokens": each.place,
        }
        for each in profiles.known.values()
    ]
    if as_json:
        show_json(rows)
    elif not rows:
        say(f"No profiles yet. {SIGN_IN}")
    else:
        from collections_cli import display

        display.show_rows(output(), rows, mark="default")


@profile_app.command("use")
def use_profile(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Make a profile the default."""
    from collections_cli.profiles import Profiles

    with explained():
        profiles = Profiles.load()
        profiles.default = profiles.find(name).name
        profiles.save()
    say(f"Commands without --profile now mean {name}.")


@profile_app.command("remove")
def remove_profile(name: Annotated[str, typer.Argument(metavar="NAME")]) -> None:
    """Forget a profile with its tokens."""
    from collections_cli import vault
    from collections_cli.profiles import Profiles

    with explained():
        profiles = Profiles.load()
        profile = profiles.find(name)
        vault.forget(profile.name, profile.place)
        profiles.drop(name)
    say(f"Profile {name} is forgotten.")


def _known_address(profiles: "Profiles", name: str) -> str:
    """Of an earlier sign-in, or of the stack that runs in this folder."""
    known = profiles.known.get(name)
    if known is not None:
        return known.api_url
    if name == "local" and LOCAL_STACK.is_file():
        return str(json.loads(LOCAL_STACK.read_text(encoding="utf-8"))["outputs"]["apiUrl"])
    raise UsageError(
        f"Say where profile {name} is, with --api URL. For a stack on AWS, `pulumi stack output apiUrl` knows it; "
        "`make local` prints that of this machine."
    )


def _known_email(profiles: "Profiles", name: str) -> str | None:
    known = profiles.known.get(name)
    return known.email if known else None


def _by_password(config: "ClientConfig", email: str, connection: "httpx.Client") -> "Tokens":
    from collections_cli.cognito import UserPool

    password = os.environ.get("COLLECTIONS_PASSWORD") or typer.prompt("Password", hide_input=True, err=True)
    try:
        return UserPool(config, connection).sign_in(email, password, _ask)
    except SignInError as error:
        raise SignInError(f"{str(error).rstrip('.')}. Nobody is signed in; try again, or ask who runs it.") from error


def _by_browser(config: "ClientConfig", connection: "httpx.Client") -> "tuple[Tokens, str]":
    from collections_cli import browser

    def open_page(address: str) -> None:
        say("Sign in on the page that opens in your browser. If none opens, go to:")
        say(address, "dim")
        typer.launch(address)

    return browser.sign_in(config, connection, open_page)


def _ask(question: "Question") -> str:
    """Ask the person for what the user pool wants besides the password."""
    if question == "code":
        return str(typer.prompt("Code of your authenticator app", err=True))
    return str(typer.prompt("Choose a new password", hide_input=True, confirmation_prompt=True, err=True))
