"""`collections ask` and `collections chat`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from collections_cli.connection import signed_in
from collections_cli.failures import UsageError
from collections_cli.options import AsJson, Category, Profile, command_group
from collections_cli.terminal import messages, output, say, show_json

if TYPE_CHECKING:
    from collections_cli.client import Client

app = command_group()


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="In your own words.")],
    top: Annotated[int, typer.Option(min=1, max=50, help="How many images to answer from at most.")] = 10,
    category: Category = None,
    agent: Annotated[bool, typer.Option("--agent", help="Let Claude search in several rounds. Slower.")] = False,
    model: Annotated[str | None, typer.Option(help="Claude model that answers.")] = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Ask a question; the answer is from your images alone, and says which."""
    with signed_in(profile) as client, messages().status("Looking, and thinking …"):
        found = client.search(
            question,
            search_type="agentic" if agent else "hybrid",
            top_k=top,
            category=category,
            include_answer=True,
            answer_model=model,
        )
    if as_json:
        show_json(found)
        return
    from collections_cli import display

    display.show_answer(output(), found)


@app.command()
def chat(
    message: Annotated[str | None, typer.Argument(help="Say this alone, instead of talking.")] = None,
    session: Annotated[str | None, typer.Option(metavar="ID", help="Go on with this conversation.")] = None,
    sessions: Annotated[bool, typer.Option("--list", help="List conversations.")] = False,
    forget: Annotated[str | None, typer.Option(metavar="ID", help="Forget a conversation.")] = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Talk about your images. Ctrl-D ends it; what was said is remembered for some hours."""
    with signed_in(profile) as client:
        if sessions:
            _list(client, as_json=as_json)
        elif forget:
            client.forget_chat(forget)
            say("Forgotten.")
        elif message:
            _say(client, message, session, as_json=as_json)
        elif as_json:
            raise UsageError("With --json, give the message too: collections chat --json MESSAGE")
        else:
            _talk(client, session)


def _list(client: Client, *, as_json: bool) -> None:
    known = client.chat_sessions()
    if as_json:
        show_json(known)
    elif not known:
        say("No conversation is remembered.")
    else:
        from collections_cli import display

        names = ("session_id", "turns", "last_activity", "title")
        display.show_rows(output(), [{name: each[name] for name in names} for each in known])


def _say(client: Client, message: str, session: str | None, *, as_json: bool = False) -> str:
    """Say something, and show the reply; the session that it belongs to."""
    with messages().status("Looking, and thinking …"):
        reply = client.chat(message, session)
    if as_json:
        show_json(reply)
    else:
        from collections_cli import display

        display.show_reply(output(), reply)
        if session is None:
            say(f"Go on with: collections chat --session {reply['session_id']}", "dim")
    return reply["session_id"]


def _talk(client: Client, session: str | None) -> None:
    import readline as readline  # edits and recalls lines

    while True:
        try:
            message = input("\nyou  ").strip()
        except EOFError:
            typer.echo()
            return
        if message:
            session = _say(client, message, session)
