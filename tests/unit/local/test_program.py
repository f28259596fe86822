"""The unmodified program runs in this process, and what it registers is recorded."""

from __future__ import annotations

import os
import signal
import textwrap
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, ClassVar, cast

import pulumi
import pytest
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from local.program import ConfigError, load_config, run_program

PROJECT = """
    name: album
    runtime: python
    config:
      region: {type: string, default: eu-west-1}
      owner: {type: string}
"""
STACK = """
    config:
      album:owner: ada
      album:apiKey: {secure: AAABAKz}
      album:nested: {list: [1, {secure: AAABAKy}]}
      aws:skipMetadataApiCheck: true
"""
PROGRAM = """
    import pulumi
    import shelf

    config = pulumi.Config()
    shelf.Shelf("top", config.require("owner"), config.require_secret("apiKey"))
"""
SHELF = """
    import pulumi

    class Book(pulumi.CustomResource):
        title: pulumi.Output[str]
        password: pulumi.Output[str]

        def __init__(self, name, props, opts=None):
            super().__init__("lib:index:Book", name, {"title": None, "password": None, **props}, opts)

    class Shelf(pulumi.ComponentResource):
        def __init__(self, name, owner, key):
            super().__init__("album:index:Shelf", name)
            child = pulumi.ResourceOptions(parent=self, additional_secret_outputs=["password"])
            first = Book("first", {"owner": owner, "pages": 3, "tags": {"Some_Key": "x"}}, child)
            Book("second", {"key": key, "follows": first.id}, pulumi.ResourceOptions(parent=self))
            self.register_outputs({"title": first.title})
            pulumi.export("title", first.title)
            pulumi.export("password", first.password)
            pulumi.export("key", key)
"""


class Library(Mocks):
    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        if not args.custom:
            return None, {}
        inputs = cast("dict[str, Any]", args.inputs)  # pyright: ignore[reportUnknownMemberType]
        return f"{args.name}-id", {**inputs, "title": f"The {args.name}", "password": "open sesame"}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], None]:
        raise LookupError(args.token)


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / name.replace("__dot__", ".")).write_text(textwrap.dedent(text))
    return root


@pytest.fixture
def album(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        Pulumi__dot__yaml=PROJECT,
        Pulumi__dot__dev__dot__yaml=STACK,
        __main____dot__py=PROGRAM,
        shelf__dot__py=SHELF,
    )


SECRETS = {"apiKey": "sk-1", "nested.list[1]": "deep", "extra": "more"}


def test_configuration_is_what_the_cli_would_pass_on(album: Path) -> None:
    config = load_config(album, "dev", SECRETS)

    assert (config.project, config.stack) == ("album", "dev")
    assert config.config == {
        "album:region": "eu-west-1",
        "album:owner": "ada",
        "album:apiKey": "sk-1",
        "album:nested": '{"list": [1, "deep"]}',
        "aws:skipMetadataApiCheck": "true",
        "album:extra": "more",
    }
    assert config.secret_keys == {"album:apiKey", "album:nested", "album:extra"}


def test_a_ciphertext_without_plaintext_and_a_missing_value_are_errors(album: Path) -> None:
    with pytest.raises(ConfigError, match="album:apiKey is encrypted"):
        load_config(album, "dev", {})
    (album / "Pulumi.dev.yaml").write_text("config: {}")
    with pytest.raises(ConfigError, match=r"Pulumi\.dev\.yaml lacks album:owner"):
        load_config(album, "dev", {})
    with pytest.raises(ConfigError, match=r"no Pulumi\.prod\.yaml"):
        load_config(album, "prod", {})


def test_resources_are_recorded_as_the_engine_would_see_them(album: Path) -> None:
    graph = run_program(album, load_config(album, "dev", SECRETS), Library())

    shelf = graph.one("album:index:Shelf", "top")
    first, second = graph.of("lib:index:Book")
    assert [child.name for child in graph.children(shelf)] == ["first", "second"]
    assert first.urn == "urn:pulumi:dev::album::album:index:Shelf$lib:index:Book::first"
    assert first.inputs == {"owner": "ada", "pages": 3, "tags": {"Some_Key": "x"}}
    assert second.inputs == {"key": "sk-1", "follows": "first-id"}
    assert first.urn in second.depends_on
    assert graph.outputs[shelf.urn] == {"title": "The first"}


def test_secrets_stay_secret_from_configuration_to_exports(album: Path) -> None:
    graph = run_program(album, load_config(album, "dev", SECRETS), Library())

    assert graph.one("lib:index:Book", "second").secret_inputs == {"key"}
    assert graph.exports == {"title": "The first", "password": "open sesame", "key": "sk-1"}
    assert graph.secret_exports == {"password", "key"}


def test_runs_do_not_share_modules_or_settings(album: Path) -> None:
    run_program(album, load_config(album, "dev", SECRETS), Library())
    write(album, shelf__dot__py=SHELF.replace('"first", {', '"primer", {'))
    write(album, Pulumi__dot__prod__dot__yaml=STACK)

    graph = run_program(album, load_config(album, "prod", SECRETS), Library())

    assert [book.name for book in graph.of("lib:index:Book")] == ["primer", "second"]
    assert all(urn.startswith("urn:pulumi:prod::") for urn in graph.resources)


@pytest.mark.parametrize(
    ("mistake", "error", "message"),
    [
        ("shelf.Shelf('top', 'eve', 'k')", ValueError, "Duplicate resource URN"),
        ("print(f'{pulumi.Output.from_input(1)}')", Exception, "Output"),
        ("raise LookupError('gone')", LookupError, "gone"),
        ("pulumi.Output.from_input(1).apply(lambda v: v / 0)", ZeroDivisionError, "division"),
        ("shelf.Book('x', {}, pulumi.ResourceOptions(provider=None)); pulumi.runtime.invoke('lib:f:f', {})",
         LookupError, "lib:f:f"),
    ],
)  # fmt: skip
def test_a_mistake_of_the_program_is_raised(album: Path, mistake: str, error: type[Exception], message: str) -> None:
    write(album, __main____dot__py=textwrap.dedent(PROGRAM) + mistake)

    with pytest.raises(error, match=message):
        run_program(album, load_config(album, "dev", SECRETS), Library())


@pytest.fixture
def _interruptible() -> Generator[None]:
    """A shell starts what runs in its background with Ctrl-C ignored, and so perhaps these tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_an_interruption_ends_the_run_before_the_next_resource(album: Path) -> None:
    class Interrupting(Library):
        registered: ClassVar[list[str]] = []

        def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
            self.registered.append(args.name)
            if args.name == "first":  # as Ctrl-C would, in the thread that waits for the program
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.3)
            return super().new_resource(args)

    with pytest.raises(KeyboardInterrupt):
        run_program(album, load_config(album, "dev", SECRETS), Interrupting())

    assert Interrupting.registered == ["top", "first"]


def test_what_the_program_logs_is_kept(album: Path) -> None:
    write(album, __main____dot__py=textwrap.dedent(PROGRAM) + "pulumi.warn('mind the gap')")

    graph = run_program(album, load_config(album, "dev", SECRETS), Library())

    assert ("warning", "mind the gap") in graph.logs
    assert not pulumi.runtime.is_dry_run()
