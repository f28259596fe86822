"""The local stack keeps what it holds: over an orderly end, a kill, and what a kill may leave behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from local.lock import StackInUseError
from local.ports import HOST, PortInUseError, Ports
from local.processes import ProcessError
from local.progress import Event
from local.provisioner.engine import ProvisionError
from local.stack import CHECKOUT, LocalStack
from local.users import Credentials
from tests.tiny_project import QUEUE, TinyProject

KEYS = {"anthropicApiKey": "real", "voyageApiKey": "real"}
"""With both vendors' keys the stand-ins are not needed, and not started."""
UNTIL_KILLED = """
import sys
from pathlib import Path
from local.ports import Ports
from local.stack import LocalStack

root, folder, *ports = sys.argv[1:]
stack = LocalStack(Path(root), Path(folder), ports=Ports(*map(int, ports)), keys=dict.fromkeys(
    ("anthropicApiKey", "voyageApiKey"), "real"))
with stack:
    stack.client("s3").put_object(Bucket=stack.outputs["bucket"], Key="kept", Body=b"treasure")
    print(stack.demo_user.password, stack.emulator_pid, flush=True)
    stack.watch()
"""


@pytest.fixture
def project(tmp_path: Path) -> TinyProject:
    root = tmp_path / "project"
    root.mkdir()
    return TinyProject(root)


@pytest.fixture
def events() -> list[Event]:
    """What a person would have been shown."""
    return []


Start = Callable[[], LocalStack]


@pytest.fixture
def ports() -> Ports:
    return Ports.free()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def start(project: TinyProject, folder: Path, ports: Ports, events: list[Event]) -> Start:
    def make() -> LocalStack:
        events.clear()
        return LocalStack(project.root, folder, ports=ports, keys=KEYS, progress=events.append, durable=False)

    return make


@contextlib.contextmanager
def started_elsewhere(
    project: TinyProject, folder: Path, ports: Ports
) -> Generator[tuple[subprocess.Popen[str], Credentials, int]]:
    """A stack run by another process; gives the process, the demo user and the emulator's process id."""
    arguments = [str(project.root), str(folder), str(ports.emulator), str(ports.postgres), str(ports.models)]
    command = [sys.executable, "-c", UNTIL_KILLED, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT) as process:
        assert process.stdout is not None
        try:
            password, emulator = process.stdout.readline().split()
            yield process, Credentials("demo@collections.local", password), int(emulator)
        finally:
            process.kill()


def deployed(events: list[Event]) -> str:
    return next(event.detail for event in events if (event.phase, event.status) == ("deploy", "done"))


def notes(events: list[Event]) -> list[str]:
    return [event.detail for event in events if event.status == "note"]


def wait_until_free(ports: Ports) -> None:
    """Children of a killed process end by themselves, soon."""
    deadline = time.monotonic() + 15
    while True:
        try:
            ports.require_free()
        except PortInUseError:
            assert time.monotonic() < deadline, "something was orphaned"
            time.sleep(0.1)
        else:
            return


def read_kept(stack: LocalStack) -> bytes:
    return stack.client("s3").get_object(Bucket=stack.outputs["bucket"], Key="kept")["Body"].read()


def test_an_orderly_end_keeps_everything(start: Start, events: list[Event]) -> None:
    with start() as stack:
        first_user, outputs = stack.demo_user, stack.outputs
        stack.client("s3").put_object(Bucket=outputs["bucket"], Key="kept", Body=b"treasure")
        another = stack.create_user("ada@example.org")

    with start() as stack:
        assert deployed(events) == "9 unchanged"
        assert stack.outputs == outputs
        assert stack.demo_user == first_user
        assert read_kept(stack) == b"treasure"
        assert stack.token(another.email, another.password)


def test_a_killed_stack_leaves_no_process_and_starts_again_as_it_was(
    project: TinyProject, folder: Path, ports: Ports, start: Start, events: list[Event]
) -> None:
    with started_elsewhere(project, folder, ports) as (process, user, _):
        process.kill()
        process.wait()
    wait_until_free(ports)

    with start() as stack:
        assert (deployed(events), notes(events)) == ("9 unchanged", [])
        assert read_kept(stack) == b"treasure"
        assert stack.token(user.email, user.password)


def test_even_when_the_emulator_is_killed_with_it(
    project: TinyProject, folder: Path, ports: Ports, start: Start, events: list[Event]
) -> None:
    with started_elsewhere(project, folder, ports) as (process, user, emulator):
        os.kill(emulator, signal.SIGKILL)
        process.kill()
        process.wait()
    wait_until_free(ports)

    with start() as stack:
        assert (deployed(events), notes(events)) == ("9 unchanged", [])
        assert stack.token(user.email, user.password)


def test_an_emulator_that_lost_its_state_is_filled_again_from_nothing(
    folder: Path, start: Start, events: list[Event]
) -> None:
    with start():
        pass
    shutil.rmtree(folder / "emulator" / "state")

    with start() as stack:
        assert deployed(events) == "9 created"
        assert [note for note in notes(events) if "starting again from nothing" in note]
        assert stack.token(stack.demo_user.email, stack.demo_user.password)


def test_a_state_file_that_is_older_than_the_emulator_is_not_trusted(
    project: TinyProject, folder: Path, start: Start, events: list[Event]
) -> None:
    with start():
        pass
    older = (folder / "state.json").read_text()
    project.program(QUEUE)
    with start():
        pass
    (folder / "state.json").write_text(older)

    with start():
        assert deployed(events) == "11 created"
        assert len(notes(events)) == 1


def test_a_stack_moves_to_other_ports_with_all_that_it_holds(
    project: TinyProject, folder: Path, start: Start, events: list[Event]
) -> None:
    project.program(QUEUE)
    with start() as stack:
        queue = stack.outputs["queue"]
    events.clear()
    ports = Ports.free()

    with LocalStack(project.root, folder, ports=ports, keys=KEYS, progress=events.append) as stack:
        assert "replaced" not in deployed(events)
        assert "created" not in deployed(events)
        assert stack.outputs["queue"] != queue
        assert str(ports.emulator) in stack.outputs["queue"]
        stack.client("sqs").send_message(QueueUrl=stack.outputs["queue"], MessageBody="hello")


def test_a_second_start_in_the_same_folder_is_refused_in_a_sentence(start: Start) -> None:
    with start() as stack, pytest.raises(StackInUseError, match=rf"running already .*process {os.getpid()}"):
        start().__enter__()
    assert stack.outputs


def test_a_port_in_use_is_named_with_the_way_out(start: Start, ports: Ports) -> None:
    with (
        socket.create_server((HOST, ports.emulator)),
        pytest.raises(PortInUseError, match=rf"port {ports.emulator} is in use .* EMULATOR_PORT="),
    ):
        start().__enter__()


def test_a_part_that_dies_ends_the_watch_with_the_last_lines_of_its_log(start: Start) -> None:
    with start() as stack:
        os.kill(stack.emulator_pid, signal.SIGKILL)

        with pytest.raises(ProcessError, match=r"the AWS emulator ended by itself \(exit code -9\)\n"):
            stack.watch()


def test_a_deployment_that_fails_stops_everything_and_keeps_what_was_there(
    project: TinyProject, start: Start, events: list[Event], ports: Ports
) -> None:
    with start() as stack:
        user = stack.demo_user
    project.program(QUEUE, "aws.kinesis.Stream('s', opts=pulumi.ResourceOptions(depends_on=[queue]))")
    with pytest.raises(ProvisionError, match="aws:kinesis/stream:Stream 's'"):
        start().__enter__()
    ports.require_free()
    project.program()

    with start() as stack:
        assert (deployed(events), notes(events)) == ("9 unchanged", [])
        assert stack.demo_user == user
