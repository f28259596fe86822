"""The whole program, recorded for a stack."""

from functools import cache
from pathlib import Path

from local.program import load_config, run_program
from local.recorder import Graph
from tests.components.provider import RecordedProvider

ROOT = Path(__file__).parents[2]
STACKS = ("local", "dev", "test", "prod")
SECRETS = {
    "anthropicApiKey": "plain-anthropic-key",
    "voyageApiKey": "plain-voyage-key",
    "openaiApiKey": "plain-openai-key",
    "langsmithApiKey": "plain-langsmith-key",
}


def record(stack: str, settings: dict[str, str] | None = None, *, preview: bool = False) -> Graph:
    """The graph of a stack, with some settings other than in its file."""
    config = load_config(ROOT, stack, SECRETS).replaced(settings or {})
    return run_program(ROOT, config, RecordedProvider(), preview=preview)


@cache
def recorded(stack: str) -> Graph:
    """The graph of a stack as its file has it; recorded once for all tests."""
    return record(stack)
