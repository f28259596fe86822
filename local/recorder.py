"""Stands in for Pulumi's engine: records every resource that a program registers, and lets a provider answer for it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, cast

from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor, MockResourceArgs, Mocks
from pulumi.runtime.proto import alias_pb2, resource_pb2
from pulumi.runtime.sync_await import _ensure_event_loop, _sync_await  # pyright: ignore[reportPrivateUsage]

if TYPE_CHECKING:
    from google.protobuf.message import Message

STACK_TYPE = "pulumi:pulumi:Stack"

# Markers of Pulumi's wire format: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/properties.go
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - says that a value is secret, is none itself

Properties = dict[str, Any]
"""A resource's inputs or outputs: JSON whose shape is the provider's, keys in camelCase."""


class UnsupportedByRecorderError(Exception):
    """The program uses a feature of the engine that is not recorded, so that running it would prove nothing."""


def reveal(value: Any, path: str = "", secrets: set[str] | None = None) -> Any:
    """Takes a wire value out of its secret envelopes and turns whole floats into ints.

    The path of each secret (`environment.variables.KEY`, `rules[0]`) is added to `secrets`.
    """
    if isinstance(value, dict):
        document = cast("Properties", value)
        if document.get(_SIGNATURE) == _SECRET:
            if secrets is not None:
                secrets.add(path)
            return reveal(document["value"], path, secrets)
        return {key: reveal(item, f"{path}.{key}" if path else key, secrets) for key, item in document.items()}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [reveal(item, f"{path}[{index}]", secrets) for index, item in enumerate(items)]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def seal(value: Any) -> Properties:
    """Puts a value into a secret envelope, unless it is in one."""
    if isinstance(value, dict):
        document = cast("Properties", value)
        if document.get(_SIGNATURE) == _SECRET:
            return document
    return {_SIGNATURE: _SECRET, "value": value}


class ResourceArgs(MockResourceArgs):
    """What a provider learns about a resource: `MockResourceArgs`, and what only the engine knows."""

    def __init__(self, request: resource_pb2.RegisterResourceRequest, urn: str, inputs: Properties) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            request.type,
            request.name,
            inputs,
            provider=request.provider,
            resource_id=request.importId,
            custom=request.custom or False,
        )
        self.urn = urn
        self.dependencies = frozenset(
            dependency for names in request.propertyDependencies.values() for dependency in names.urns
        )
        """URNs of the resources whose outputs are among the inputs."""
        self.ignore_changes = frozenset(request.ignoreChanges)
        self.replace_on_changes = frozenset(request.replaceOnChanges)
        self.aliases = _aliases(request)
        """URNs that the resource had before."""


@dataclass(frozen=True)
class Resource:
    """A registered resource or component. Secrets are shown plainly; `secret_inputs` holds their paths."""

    type: str
    name: str
    urn: str
    parent: str
    custom: bool
    inputs: Properties
    secret_inputs: frozenset[str]
    id: str
    state: Properties
    request: resource_pb2.RegisterResourceRequest = field(repr=False)
    """The whole request: dependencies, protect, ignoreChanges, aliases, provider and so on."""

    @property
    def depends_on(self) -> frozenset[str]:
        """URNs of all resources that have to exist before this one."""
        return frozenset(self.request.dependencies)

    @property
    def aliases(self) -> frozenset[str]:
        """URNs that the resource had before."""
        return _aliases(self.request)

    @property
    def protect(self) -> bool:
        return self.request.protect


def _aliases(request: resource_pb2.RegisterResourceRequest) -> frozenset[str]:
    aliases = cast("list[alias_pb2.Alias]", request.aliases)  # pyright: ignore[reportUnknownMemberType]
    return frozenset(alias.urn for alias in aliases)


@dataclass
class Graph:
    """Everything that a program registered, in the order in which it was answered."""

    resources: dict[str, Resource] = field(default_factory=dict[str, Resource])
    invokes: list[tuple[str, Properties]] = field(default_factory=list[tuple[str, Properties]])
    outputs: dict[str, Properties] = field(default_factory=dict[str, Properties])
    """Outputs that components and the stack registered, by URN."""
    secret_outputs: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    logs: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def of(self, type_: str) -> list[Resource]:
        """All resources of a type, sorted by URN."""
        return sorted((each for each in self.resources.values() if each.type == type_), key=lambda each: each.urn)

    def one(self, type_: str, name: str) -> Resource:
        """The only resource of that type and name.

        Raises LookupError if there is none, or more than one (under different parents).
        """
        found = [each for each in self.of(type_) if each.name == name]
        if len(found) != 1:
            names = ", ".join(each.name for each in self.of(type_)) or "none at all"
            raise LookupError(f"{len(found)} resources of type {type_} are named {name!r}; there are: {names}")
        return found[0]

    def children(self, parent: Resource) -> list[Resource]:
        """What was registered with that resource as its parent."""
        return [each for each in self.resources.values() if each.parent == parent.urn]

    @property
    def exports(self) -> Properties:
        """The stack's outputs, secrets shown plainly."""
        return self.outputs.get(self._stack, {})

    @property
    def secret_exports(self) -> frozenset[str]:
        """Names (or paths) of the stack's outputs that are secret."""
        return self.secret_outputs.get(self._stack, frozenset[str]())

    @property
    def _stack(self) -> str:
        return next((urn for urn in self.outputs if _type_in(urn) == STACK_TYPE), "")


class RecordingMonitor(MockMonitor):
    """A resource monitor that asks `mocks` for every resource, as the engine would ask a provider, and records it.

    Stricter than Pulumi's own mock: a URN may be used once, URNs have the whole chain of parents, outputs declared
    secret are secret, and whatever it does not support raises instead of doing nothing.
    """

    def __init__(self, mocks: Mocks, project: str, stack: str) -> None:
        super().__init__(mocks)
        self.graph = Graph()
        self._prefix = f"urn:pulumi:{stack}::{project}::"
        self._lock = threading.Lock()
        self._registering: set[str] = set()
        self._cancelled = False

    def cancel(self) -> None:
        """Lets no further resource be registered, so that the program ends soon."""
        self._cancelled = True

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """A URN as the engine makes it: types of all parents but the stack, joined by `$`."""
        if parent and (chain := _type_in(parent)) != STACK_TYPE:
            type_ = f"{chain}${type_}"
        return f"{self._prefix}{type_}::{name}"

    def RegisterResource(  # noqa: N802 - gRPC's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        if len(request.transforms):  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            raise UnsupportedByRecorderError(
                f"{urn}: transforms are not run by the recorder; use a transformation, which the SDK runs itself"
            )
        if self._cancelled:
            raise RuntimeError(f"{urn} was not registered: the run has been cancelled")
        with self._lock:
            if urn in self._registering:
                raise ValueError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
            self._registering.add(urn)

        _ensure_event_loop()  # deserialising needs a loop on this worker thread
        args = ResourceArgs(request, urn, cast("Properties", rpc.deserialize_properties(request.object)))
        id_, state = self.mocks.new_resource(args)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        state = cast("Properties", state)
        for name in request.additionalSecretOutputs:  # the engine's job, which the SDK's mock leaves out
            if name in state:
                state[name] = seal(state[name])
        self._record(urn, request, id_ or "", state)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_ or "", object=_serialize(state))

    def _record(self, urn: str, request: resource_pb2.RegisterResourceRequest, id_: str, state: Properties) -> None:
        secrets: set[str] = set()
        inputs = reveal(_as_dict(request.object), "", secrets)
        registration = MockMonitor.ResourceRegistration(urn, id_, state)
        resource = Resource(
            type=request.type,
            name=request.name,
            urn=urn,
            parent=request.parent,
            custom=request.custom,
            inputs=inputs,
            secret_inputs=frozenset(secrets),
            id=id_,
            state=state,
            request=request,
        )
        with self._lock:
            self.resources[urn] = registration
            self.graph.resources[urn] = resource

    def RegisterResourceOutputs(  # noqa: N802 - gRPC's name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        secrets: set[str] = set()
        outputs = reveal(_as_dict(request.outputs), "", secrets)
        with self._lock:
            self.graph.outputs[request.urn] = outputs
            self.graph.secret_outputs[request.urn] = frozenset(secrets)
        return empty_pb2.Empty()

    def Invoke(  # noqa: N802 - gRPC's name
        self, request: resource_pb2.ResourceInvokeRequest
    ) -> resource_pb2.ResourceInvokeResponse:
        with self._lock:
            self.graph.invokes.append((request.tok, reveal(_as_dict(request.args))))
        return super().Invoke(request)  # pyright: ignore[reportUnknownMemberType]

    def RegisterStackTransform(self, request: Message) -> NoReturn:  # noqa: N802 - gRPC's name
        del request
        raise UnsupportedByRecorderError(
            "register_resource_transform is not run by the recorder; use register_stack_transformation, "
            "which the SDK runs itself"
        )

    def RegisterStackInvokeTransform(self, request: Message) -> NoReturn:  # noqa: N802 - gRPC's name
        del request
        raise UnsupportedByRecorderError("transforms of invokes are not run by the recorder")


def _type_in(urn: str) -> str:
    return urn.split("::")[2]


def _as_dict(struct: struct_pb2.Struct) -> Properties:
    return json_format.MessageToDict(struct)


def _serialize(state: Properties) -> struct_pb2.Struct:
    return _sync_await(rpc.serialize_properties(state, {}))
