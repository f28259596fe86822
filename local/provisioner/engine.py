"""Brings what exists in line with what the program registers."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from local.program import run_program
from local.provisioner.errors import ProvisionError
from local.provisioner.kind import Record
from local.provisioner.serial import renew_serial
from local.recorder import Properties, ResourceArgs, reveal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from local.program import StackConfig
    from local.provisioner.cloud import Cloud
    from local.provisioner.kind import Kind
    from local.provisioner.state import State

Action = Literal["created", "unchanged", "updated", "replaced", "deleted"]

_PROVIDERS = "pulumi:providers:"
_SUFFIX = 8  # a hyphen and seven characters, as Pulumi's own


class _StoppedError(ProvisionError):
    """Another resource has failed already."""


@dataclass(frozen=True)
class Change:
    """One resource is done."""

    action: Action
    type: str
    name: str
    """The program's name of the resource."""
    seconds: float


@dataclass(frozen=True)
class Deployment:
    """A finished run of the program."""

    exports: Properties
    counts: Mapping[str, int]
    """Resources by action."""
    logs: list[tuple[str, str]]

    @property
    def changed(self) -> bool:
        return any(count for action, count in self.counts.items() if action != "unchanged")


class Provisioner(Mocks):
    """Answers a program's registrations by creating, changing or leaving alone the resources.

    Everything in `state` is current at any time, but is only in memory: whoever owns the emulator saves it when the
    emulator has saved its own.
    """

    def __init__(
        self,
        cloud: Cloud,
        state: State,
        kinds: Mapping[str, Kind],
        lookups: Mapping[str, Callable[[Cloud, Properties], Properties]],
        on_change: Callable[[Change], None],
    ) -> None:
        self._cloud = cloud
        self._state = state
        self._kinds = kinds
        self._lookups = lookups
        self._on_change = on_change
        self._lock = threading.Lock()  # one change at a time: order is then reproducible, and the emulator the limit
        self._created: list[Record] = []
        self._seen: set[str] = set()
        self._making_way: set[str] = set()
        self._counts: Counter[str] = Counter()
        self._marked = False
        self._failure: ProvisionError | None = None

    def deploy(self, root: Path, config: StackConfig) -> Deployment:
        """Runs the program, then deletes what it no longer contains.

        If that fails, what this run created is deleted again and the error raised; changes that succeeded stay.
        Use a new Provisioner for each deployment.
        """
        try:
            graph = run_program(root, config, self)
            for record in self._state.absent_from(self._seen):
                started = time.monotonic()
                self._delete(record)
                self._report("deleted", record, started)
        except BaseException as raised:
            # The first failure is the reason; what the program raised may be one of those that it led to.
            error = raised if self._failure is None else self._failure
            for leftover in self._undo():
                error.add_note(f"and it stayed behind: {leftover}")
            if error is raised:
                raise
            raise error from error.__cause__
        return Deployment(graph.exports, dict(self._counts), graph.logs)

    def call(self, args: MockCallArgs) -> tuple[Properties, list[tuple[str, str]]]:
        """Answers a lookup of the program's, such as the current region."""
        lookup = self._lookups.get(args.token)
        if lookup is None:
            raise ProvisionError(f"the lookup {args.token} is not known to the local stack")
        inputs = cast("Properties", args.args)  # pyright: ignore[reportUnknownMemberType]
        try:
            return lookup(self._cloud, reveal(inputs)), []
        except Exception as error:
            raise ProvisionError(f"{args.token}: {error}") from error

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, Properties]:
        """Brings one resource in line; called from several threads."""
        if args.custom is False:  # a component: its children are what exists
            return None, {}
        wished = cast("Properties", args.inputs)  # pyright: ignore[reportUnknownMemberType]
        if args.typ.startswith(_PROVIDERS):
            return args.name, wished
        if not isinstance(args, ResourceArgs):
            raise ProvisionError(f"{args.typ} '{args.name}': the local stack cannot read existing resources")
        kind = self._kinds.get(args.typ)
        if kind is None:
            raise ProvisionError(f"{args.typ} '{args.name}': this type is not known to the local stack")
        with self._lock:
            if self._failure:
                raise _StoppedError(f"{args.typ} '{args.name}' was not reached")
            self._seen.add(args.urn)
            self._state.rename(args.aliases, args.urn)
            try:
                record = self._converge(kind, args, reveal(wished))
            except Exception as error:
                self._failure = ProvisionError(f"{args.typ} '{args.name}': {error}")
                raise self._failure from error
        made_up = {kind.named_by: record.name} if kind.named_by else {}
        # Inputs go back as they came: in their envelopes, or secrets would come out plain.
        return record.id, {**made_up, **wished, **record.outputs}

    def _converge(self, kind: Kind, args: ResourceArgs, inputs: Properties) -> Record:
        started = time.monotonic()
        record = self._state.records.get(args.urn)
        if record is None:
            record = self._create(kind, args, inputs)
            self._report("replaced" if args.urn in self._making_way else "created", record, started)
            return record

        name = _physical_name(kind, args, inputs, record)
        inputs.update({key: record.inputs[key] for key in args.ignore_changes if key in record.inputs})
        changed = {key for key in inputs.keys() | record.inputs.keys() if inputs.get(key) != record.inputs.get(key)}
        observed = kind.observe(self._cloud, inputs) if kind.observe else {}
        if not changed and observed == record.observed:
            record.dependencies = sorted(args.dependencies)
            self._report("unchanged", record, started)
        elif not kind.changeable or name != record.name or changed & (kind.fixed | args.replace_on_changes):
            self._make_way_for(record)
            record = self._create(kind, args, inputs)
            self._report("replaced", record, started)
        else:
            self._mark_changed()
            if kind.update:
                record.outputs |= kind.update(self._cloud, record, inputs)
            self._settle(kind, args, record, inputs)
            self._report("updated", record, started)
        return record

    def _create(self, kind: Kind, args: ResourceArgs, inputs: Properties) -> Record:
        self._mark_changed()
        name = _physical_name(kind, args, inputs, None)
        id_, outputs = kind.create(self._cloud, name, inputs)
        record = Record(args.urn, args.typ, name, inputs, id_, dict(outputs))
        self._state.records[args.urn] = record  # before it is configured: if that fails, it has to go again
        self._created.append(record)
        self._settle(kind, args, record, inputs)
        return record

    def _settle(self, kind: Kind, args: ResourceArgs, record: Record, inputs: Properties) -> None:
        if kind.configure:
            record.outputs |= kind.configure(self._cloud, record, inputs)
        record.inputs = inputs
        record.observed = kind.observe(self._cloud, inputs) if kind.observe else {}
        record.dependencies = sorted(args.dependencies)

    def _make_way_for(self, record: Record) -> None:
        """Deletes a resource, and before it all that was made from it: they are created again when their turn comes."""
        for each in (*self._state.dependents(record.urn), record):
            self._making_way.add(each.urn)
            self._delete(each)

    def _delete(self, record: Record) -> None:
        self._mark_changed()
        delete = self._kinds[record.type].delete if record.type in self._kinds else None
        if delete:
            try:
                delete(self._cloud, record)
            except Exception as error:
                raise ProvisionError(f"deleting {record.type} '{record.name}': {error}") from error
        del self._state.records[record.urn]

    def _undo(self) -> list[ProvisionError]:
        """Deletes what this run created; what cannot be deleted stays on record, and is returned as an error."""
        failures: list[ProvisionError] = []
        remaining = {record.urn for record in self._created if self._state.records.get(record.urn) is record}
        for record in self._state.absent_from(self._state.records.keys() - remaining):
            try:
                self._delete(record)
            except ProvisionError as error:
                failures.append(error)
        return failures

    def _mark_changed(self) -> None:
        """Before the first change, so that state and emulator are seen to differ if the run is killed."""
        if not self._marked:
            self._state.serial = renew_serial(self._cloud)
            self._marked = True

    def _report(self, action: Action, record: Record, started: float) -> None:
        self._counts[action] += 1
        name = record.urn.rpartition("::")[2]
        self._on_change(Change(action, record.type, name, time.monotonic() - started))


def _physical_name(kind: Kind, args: ResourceArgs, inputs: Properties, record: Record | None) -> str:
    """The name that the program gives, else the one made up before, else a new one, which becomes an input."""
    if not kind.named_by:
        return args.name
    given: Any = inputs.get(kind.named_by)
    if given is None:
        given = record.name if record else f"{args.name[: kind.longest_name - _SUFFIX]}-{secrets.token_hex(4)[1:]}"
        inputs[kind.named_by] = given
    return str(given)
