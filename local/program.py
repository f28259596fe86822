"""Runs the unmodified Pulumi program inside this process: the real SDK and stack file, another engine.

    config = load_config(root, "dev", {"anthropicApiKey": "…"})
    graph = run_program(root, config, mocks)
    graph.one("aws:s3/bucket:Bucket", "images").inputs

`mocks` answers for the providers: with made-up outputs to look at the graph, or by really creating the resources.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import json
import logging
import os
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import yaml
from pulumi.runtime import Settings, run_in_stack, set_all_config
from pulumi.runtime.mocks import MockEngine
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import SETTINGS

from local.recorder import Graph, RecordingMonitor, Resource, ResourceArgs, reveal

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path
    from types import ModuleType

    from pulumi.runtime.mocks import Mocks

__all__ = ["ConfigError", "Graph", "Resource", "ResourceArgs", "StackConfig", "load_config", "reveal", "run_program"]

_WORKERS = 16
_ORGANIZATION = "local"
_NOT_OF_THE_PROGRAM = {"__main__", "local", "runtime", "tests"}
_SEVERITIES = {
    engine_pb2.INFO: "info",
    engine_pb2.WARNING: "warning",
    engine_pb2.ERROR: "error",
}


class ConfigError(ValueError):
    """A project or stack file is missing, or lacks a value."""


@dataclass(frozen=True)
class StackConfig:
    """A stack's configuration as the CLI would hand it to the program: keys are `namespace:name`."""

    project: str
    stack: str
    config: Mapping[str, str] = field(repr=False)
    secret_keys: frozenset[str]

    def replaced(self, values: Mapping[str, str | None]) -> StackConfig:
        """The same configuration with other plain values, or without one where None is given.

        A name without namespace is the project's.
        """
        changes = {_qualified(key, self.project): value for key, value in values.items()}
        config = {key: value for key, value in {**self.config, **changes}.items() if value is not None}
        return StackConfig(self.project, self.stack, config, self.secret_keys)


def load_config(root: Path, stack: str, secrets: Mapping[str, str]) -> StackConfig:
    """Reads `Pulumi.yaml` and `Pulumi.<stack>.yaml`.

    Ciphertexts cannot be opened here: `secrets` holds the plaintexts, by `name`, `namespace:name` or, inside a
    structured value, `namespace:name.path`. Those that the file does not mention are added as secrets.
    Raises ConfigError if a file or a required value is missing, or a ciphertext has no plaintext.
    """
    description = _read(root / "Pulumi.yaml")
    project: str = description["name"]
    plaintexts = {_qualified(key, project): value for key, value in secrets.items()}
    values: dict[str, Any] = {}
    required: set[str] = set()
    for key, spec in _config_of(description, project).items():
        if not isinstance(spec, dict):
            values[key] = spec
            continue
        declared = cast("dict[str, Any]", spec)
        if "default" in declared or "value" in declared:
            values[key] = declared.get("default", declared.get("value"))
        else:
            required.add(key)
    file = root / f"Pulumi.{stack}.yaml"
    values.update(_config_of(_read(file), project))

    secret_keys: set[str] = set()
    config = {key: _wire(_decrypted(value, key, key, plaintexts, secret_keys)) for key, value in values.items()}
    additions = {key: value for key, value in plaintexts.items() if key not in config and "." not in key}
    config.update(additions)
    secret_keys.update(additions)
    if missing := sorted(required - set(config)):
        raise ConfigError(f"{file.name} lacks {', '.join(missing)}, which Pulumi.yaml requires")
    return StackConfig(project, stack, config, frozenset(secret_keys))


def run_program(root: Path, config: StackConfig, mocks: Mocks, *, preview: bool = False) -> Graph:
    """Runs `__main__.py` under `root` to its end and returns what it registered.

    `mocks` is called from several threads at once, for a resource only after all those that it depends on. Whatever
    the program or `mocks` raises is raised here. Changes the working directory and `sys.path` while it runs: one
    program at a time in a process.
    """
    monitor = RecordingMonitor(mocks, config.project, config.stack)
    body = _Run(root, config, monitor, preview)
    # A thread and a context of its own: neither an event loop of the caller's nor an earlier run's settings are seen.
    with _program_at(root), ThreadPoolExecutor(1) as thread:
        run = thread.submit(contextvars.Context().run, body)
        try:
            run.result()
        except KeyboardInterrupt:  # it reaches this thread only: the program does not know yet
            monitor.cancel()
            raise
    return monitor.graph


class _Engine(MockEngine):
    """Keeps what the program logs, but not what the SDK notes for its own debugging."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(logging.getLogger("pulumi.program"))
        self._graph = graph

    def Log(self, request: engine_pb2.LogRequest) -> None:  # noqa: N802 - gRPC's name
        if request.severity in _SEVERITIES:
            self._graph.logs.append((_SEVERITIES[request.severity], request.message))


@dataclass(frozen=True)
class _Run:
    root: Path
    config: StackConfig
    monitor: RecordingMonitor
    preview: bool

    def __call__(self) -> None:
        # The fields of Settings are context variables: to construct it is to configure this context.
        Settings(
            project=self.config.project,
            stack=self.config.stack,
            monitor=self.monitor,
            engine=_Engine(self.monitor.graph),
            dry_run=self.preview,
            organization=_ORGANIZATION,
            root_directory=str(self.root),
        )
        set_all_config(dict(self.config.config), list(self.config.secret_keys))
        loops: list[asyncio.AbstractEventLoop] = []

        def open_loop() -> asyncio.AbstractEventLoop:
            loops.append(asyncio.new_event_loop())
            asyncio.set_event_loop(loops[-1])
            return loops[-1]

        loop = open_loop()
        # The mock monitor wants a loop on each worker's thread, and would leave it open.
        loop.set_default_executor(ThreadPoolExecutor(_WORKERS, initializer=open_loop))
        # After one failure the resources that wait for it fail too; the first is raised, the echoes say nothing new.
        loop.set_exception_handler(lambda _loop, _context: None)
        try:
            loop.run_until_complete(run_in_stack(self._execute))
        finally:
            pending = asyncio.all_tasks(loop)
            for task in pending:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_default_executor())
            for each in loops:
                each.close()

    async def _execute(self) -> None:
        runpy.run_path(str(self.root / "__main__.py"), run_name="__main__")
        await _outputs_known()


async def _outputs_known() -> None:
    """Until all outputs are known, or one failed. The SDK waits for the same afterwards, and raises the failure; but it
    looks at every output again whenever one is known, which takes longer than the whole program."""
    outputs = cast("set[asyncio.Task[Any]]", SETTINGS.outputs)  # pyright: ignore[reportAttributeAccessIssue] - a set
    while waiting := [each for each in outputs if not each.done()]:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_EXCEPTION)
        if any(each.cancelled() or each.exception() for each in done):
            return


@contextlib.contextmanager
def _program_at(root: Path) -> Generator[None]:
    """The process as the program expects it: its folder current and importable, its modules not imported yet."""
    own = {
        path.stem
        for path in root.iterdir()
        if path.suffix == ".py" or (path.is_dir() and next(path.glob("*.py"), None) is not None)
    } - _NOT_OF_THE_PROGRAM
    before = _take_modules(own)
    directory = os.getcwd()  # noqa: PTH109 - given back as it was, even if it has been removed meanwhile
    strict_outputs = os.environ.get("PULUMI_ERROR_OUTPUT_STRING")
    sys.path.insert(0, str(root))
    os.chdir(root)
    os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "1"  # f"{output}" is an error and not a silent explanation
    try:
        yield
    finally:
        if strict_outputs is None:
            del os.environ["PULUMI_ERROR_OUTPUT_STRING"]
        else:
            os.environ["PULUMI_ERROR_OUTPUT_STRING"] = strict_outputs
        os.chdir(directory)
        sys.path.remove(str(root))
        _take_modules(own)
        sys.modules.update(before)


def _take_modules(packages: set[str]) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name.partition(".")[0] in packages]
    return {name: sys.modules.pop(name) for name in names}


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ConfigError(f"there is no {path.name} in {path.parent}")
    return yaml.safe_load(path.read_text()) or {}


def _config_of(document: dict[str, Any], project: str) -> dict[str, Any]:
    config: dict[str, Any] = document.get("config") or {}
    return {_qualified(key, project): value for key, value in config.items()}


def _qualified(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _decrypted(value: Any, path: str, key: str, plaintexts: Mapping[str, str], secret_keys: set[str]) -> Any:
    """The value with plaintexts for `{secure: …}`; adds `key` to `secret_keys` if there is one."""
    if isinstance(value, dict):
        document = cast("dict[str, Any]", value)
        if set(document) == {"secure"}:
            if path not in plaintexts:
                raise ConfigError(f"{path} is encrypted in the stack file and no plaintext was given for it")
            secret_keys.add(key)
            return plaintexts[path]
        return {
            name: _decrypted(item, f"{path}.{name}", key, plaintexts, secret_keys) for name, item in document.items()
        }
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_decrypted(item, f"{path}[{index}]", key, plaintexts, secret_keys) for index, item in enumerate(items)]
    return value


def _wire(value: Any) -> str:
    """A configuration value as the engine passes it on: always a string."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)
