"""What documents tell people to type, to read and to set is there."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from collections_cli.main import app
from components.settings import StackSettings
from local import scaling
from local.costs import ALARMS, PREVIEW, asked_tokens, image_tokens, tables
from local.reference import table
from runtime.imaging import PREVIEW_EDGE
from runtime.prices import IMAGE_TOKENS
from tests.components.recording import recorded

ROOT = Path(__file__).parents[3]
READ_FIRST = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "cli" / "README.md"]
DOCUMENTS = [*READ_FIRST, *sorted((ROOT / "docs").glob("*.md"))]
ANCHOR = re.compile(r"[^\w\- ]")


def text(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def code(document: Path) -> list[str]:
    """What stands in code: blocks line by line, and what is set in backticks."""
    blocks = re.findall(r"```\w*\n(.*?)```", text(document), re.DOTALL)
    inline = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text(document))
    return [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()] + inline


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text(document)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (document.parent / path) if path else document
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", text(linked), re.MULTILINE)
            assert anchor in {ANCHOR.sub("", heading.lower()).replace(" ", "-") for heading in headings}, target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text(ROOT / "Makefile"), re.MULTILINE))

    named = {match for line in code(document) for match in re.findall(r"(?:^|[^\w-])make ([a-z][a-z0-9-]*)", line)}
    assert named <= targets


def options_of(words: list[str]) -> set[str] | None:
    """Options of the command that the words begin with; None if there is no such command."""
    found: Any = get_command(app)
    for word in words:
        if not hasattr(found, "commands"):
            break
        found = found.commands.get(word)
        if found is None:
            return None
    return {option for parameter in found.params for option in parameter.opts}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_and_option_of_ours_exists(document: Path) -> None:
    for line in code(document):
        for typed in re.findall(r"(?:^|\$ )collections ([a-z].*)$", line):
            # Another program's output may be an argument.
            words = re.sub(r"\$\(.*?\)", "", typed.partition("  #")[0]).split()
            options = options_of(words)
            assert options is not None, typed
            assert {word for word in words if re.fullmatch(r"--[a-z-]+", word)} <= options, typed


def test_every_setting_that_a_document_sets_exists() -> None:
    own = {field.alias for field in StackSettings.model_fields.values()}
    bootstrap = yaml.safe_load(text(ROOT / "bootstrap" / "Pulumi.yaml"))["config"].keys()
    for document in DOCUMENTS:
        for line in code(document):
            for name in re.findall(r"pulumi config (?:set|rm) (?:--secret )?([a-zA-Z:]+)", line):
                if not name.isupper():
                    assert name in own | bootstrap | {"aws:region"}, f"{document.name}: {name}"


def test_every_export_that_a_document_reads_exists() -> None:
    exports = recorded("dev").exports
    for document in DOCUMENTS:
        for line in code(document):
            for name in re.findall(r"pulumi stack output ([a-zA-Z]+)", line):
                assert name in exports, f"{document.name}: {name}"


def test_the_costs_are_those_of_the_stack_files() -> None:
    for table_of_costs in tables(ROOT):
        assert table_of_costs in text(ROOT / "docs" / "deploy.md"), "python -m local.costs prints the tables anew"


def test_the_tokens_of_an_image_are_those_that_costs_are_reckoned_with() -> None:
    assert round(image_tokens(*PREVIEW) + sum(asked_tokens()), -2) == IMAGE_TOKENS[0]
    assert max(PREVIEW) == PREVIEW_EDGE


def test_the_needs_are_those_that_are_reckoned() -> None:
    assert scaling.tables() in text(ROOT / "docs" / "scaling.md"), "python -m local.scaling prints the tables anew"


def test_the_settings_are_those_of_the_program() -> None:
    assert table(ROOT) in text(ROOT / "docs" / "settings.md"), "python -m local.reference prints the table anew"


@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_all_alarms_are_paid_for(stack: str) -> None:
    assert len(recorded(stack).of("aws:cloudwatch/metricAlarm:MetricAlarm")) == ALARMS
