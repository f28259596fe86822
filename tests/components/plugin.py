"""The plugin as Pulumi's engine runs it: a process of its own that is told over gRPC what to construct."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    errors_pb2,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
    status_pb2,
)

from local.recorder import Graph, RecordingMonitor, reveal
from tests.components.provider import RecordedProvider

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

_ANSWER_SECONDS = 60
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


class ConstructError(Exception):
    """The plugin refused; the message is what the engine would show, each reason behind its property's path."""


def output(value: object = None, *, secret: bool = False, dependencies: Sequence[str] = ()) -> dict[str, object]:
    """A value of another resource, as the engine hands it to a plugin; without a value it is not known yet."""
    known = {} if value is None else {"value": value}
    return {_SIGNATURE: _OUTPUT, **known, "secret": secret, "dependencies": list(dependencies)}


@dataclass(frozen=True)
class Constructed:
    """What the plugin answered. Secrets are shown plainly; `secrets` holds their paths."""

    urn: str
    outputs: dict[str, Any]
    secrets: frozenset[str]


class Plugin:
    """A plugin that is running, and what it has registered."""

    def __init__(self, channel: grpc.Channel, monitor: _Monitor) -> None:
        # The stub's methods have no types of their own.
        self._provider = cast("Any", provider_pb2_grpc.ResourceProviderStub(channel))
        self._monitor = monitor

    @property
    def graph(self) -> Graph:
        """Everything that components have registered since `forget`."""
        return self._monitor.recorder.graph

    def forget(self) -> None:
        """Start a stack anew."""
        self._monitor.recorder = _recorder()

    def schema(self) -> dict[str, Any]:
        """The package's schema, from which other languages' libraries are made."""
        answer: provider_pb2.GetSchemaResponse = self._provider.GetSchema(provider_pb2.GetSchemaRequest())
        return json.loads(answer.schema)

    def construct(
        self,
        component: str,
        name: str,
        inputs: Mapping[str, object],
        *,
        preview: bool = False,
        depends_on: Sequence[str] = (),
    ) -> Constructed:
        """Construct a component, such as `ImagePipeline`, in stack dev of project collections.

        `inputs` are in camelCase. Raises ConstructError if the plugin refuses.
        """
        properties = struct_pb2.Struct()
        properties.update(_wire(inputs))
        request = provider_pb2.ConstructRequest(
            project="collections",
            stack="dev",
            organization="example",
            monitorEndpoint=self._monitor.address,
            type=f"collections:index:{component}",
            name=name,
            inputs=properties,
            dryRun=preview,
            dependencies=depends_on,
        )
        try:
            answer: provider_pb2.ConstructResponse = self._provider.Construct(request, timeout=_ANSWER_SECONDS)
        except grpc.RpcError as error:
            raise ConstructError(_reasons(cast("grpc.Call", error))) from error
        secrets: set[str] = set()
        outputs = reveal(json_format.MessageToDict(answer.state), "", secrets)
        return Constructed(answer.urn, outputs, frozenset(secrets))


@contextmanager
def running_plugin(root: Path) -> Generator[Plugin]:
    """Start the plugin of the checkout at `root`; stop it at the end."""
    loops: list[asyncio.AbstractEventLoop] = []

    def open_loop() -> None:
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    # The recorder wants a loop on each worker's thread, and would leave it open.
    workers = ThreadPoolExecutor(8, initializer=open_loop)
    server = grpc.server(workers)
    monitor = _Monitor()
    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(monitor, server)
    engine_pb2_grpc.add_EngineServicer_to_server(_Engine(), server)
    monitor.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    process = subprocess.Popen(
        [sys.executable, "-u", root / "components", monitor.address],
        # As a stranger's machine has it: only what the plugin itself puts on its path.
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        | {"PULUMI_ERROR_OUTPUT_STRING": "1"},
        cwd=root.anchor,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port.isdigit(), f"the plugin did not say where it listens but {port!r}"
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Plugin(channel, monitor)
    finally:
        process.kill()
        process.communicate()
        server.stop(None).wait()
        workers.shutdown()
        for loop in loops:
            loop.close()


def _recorder() -> RecordingMonitor:
    return RecordingMonitor(RecordedProvider(), "collections", "dev")


class _Monitor(resource_pb2_grpc.ResourceMonitorServicer):
    """The recorder behind the engine's interface."""

    def __init__(self) -> None:
        self.address = ""
        self.recorder = _recorder()

    def GetDeploymentInfo(  # noqa: N802 - gRPC's name
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> resource_pb2.DeploymentInfo:
        del context
        return cast("Any", self.recorder).GetDeploymentInfo(request)

    def RegisterResource(  # noqa: N802 - gRPC's name
        self, request: resource_pb2.RegisterResourceRequest, context: grpc.ServicerContext
    ) -> resource_pb2.RegisterResourceResponse:
        del context
        return self.recorder.RegisterResource(request)

    def RegisterResourceOutputs(  # noqa: N802 - gRPC's name
        self, request: resource_pb2.RegisterResourceOutputsRequest, context: grpc.ServicerContext
    ) -> empty_pb2.Empty:
        del context
        return self.recorder.RegisterResourceOutputs(request)

    def Invoke(  # noqa: N802 - gRPC's name
        self, request: resource_pb2.ResourceInvokeRequest, context: grpc.ServicerContext
    ) -> resource_pb2.ResourceInvokeResponse:
        del context
        return self.recorder.Invoke(request)


class _Engine(engine_pb2_grpc.EngineServicer):
    """Takes what the plugin logs."""

    def Log(self, request: object, context: grpc.ServicerContext) -> empty_pb2.Empty:  # noqa: N802 - gRPC's name
        del request, context
        return empty_pb2.Empty()


def _wire(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _wire(item) for key, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_wire(item) for item in cast("list[Any]", value)]
    return value


def _reasons(error: grpc.Call) -> str:
    """The details of a refusal: reasons by property where there are any, else the text."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(cast("bytes", value))
            refused = errors_pb2.InputPropertiesError()
            for detail in status.details:
                if detail.Unpack(refused):
                    return "\n".join(f"{each.property_path}: {each.reason}" for each in refused.errors)
    return error.details() or ""
