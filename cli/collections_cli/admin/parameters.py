"""Fills a stack's configuration from a file of environment variables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from collections_cli.admin.stack import LOCAL, StackError, pulumi

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACE = "collections"

SECRETS = {
    "ANTHROPIC_API_KEY": "anthropicApiKey",
    "VOYAGE_API_KEY": "voyageApiKey",
    "OPENAI_API_KEY": "openaiApiKey",
    "TAVILY_API_KEY": "tavilyApiKey",
    "LANGSMITH_API_KEY": "langsmithApiKey",
}
PLAIN = {
    "LANGSMITH_PROJECT": "langsmithProject",
    "ANTHROPIC_BASE_URL": "anthropicBaseUrl",
    "VOYAGE_BASE_URL": "voyageBaseUrl",
    "ALARM_EMAIL": "alarmEmail",
}
"""Variables, and the settings that they become."""


@dataclass(frozen=True)
class Imported:
    """What became of a file's lines, by the names of their variables."""

    secrets: tuple[str, ...]
    plain: tuple[str, ...]
    ignored: tuple[str, ...]
    """No settings of a stack."""
    empty: tuple[str, ...]


def import_parameters(file: Path, stack: str) -> Imported:
    """Set what `file` has of the stack's settings, the keys encrypted. Values are handed to Pulumi on its standard
    input: neither the process list nor a shell's history sees them.

    Raises `StackError` when there is nothing to set, or Pulumi refuses; then it says what has been set already.
    """
    if stack == LOCAL:
        raise StackError("stack local reads .env by itself, each time that it starts: there is nothing to import")
    if not file.is_file():
        raise StackError(f"{file} is not there")
    values = dotenv_values(file)
    given = {name: value for name, value in values.items() if value}
    known = {**SECRETS, **PLAIN}
    if not given.keys() & known.keys():
        raise StackError(f"{file} has none of {', '.join(known)}")
    done: list[str] = []
    for name in (name for name in known if name in given):
        flags = ["--secret"] if name in SECRETS else ["--plaintext"]
        try:
            pulumi("config", "set", f"{NAMESPACE}:{known[name]}", "--stack", stack, *flags, stdin=given[name])
        except StackError as error:
            raise StackError(f"{name} was not set: {error}. Set before it: {', '.join(done) or 'none'}") from error
        done.append(name)
    return Imported(
        secrets=tuple(name for name in done if name in SECRETS),
        plain=tuple(name for name in done if name in PLAIN),
        ignored=tuple(sorted(given.keys() - known.keys())),
        empty=tuple(sorted(name for name in values.keys() & known.keys() if not values[name])),
    )
