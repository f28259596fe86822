"""What the image keeps of AWS's services is what the functions call, and works as all of it does."""

import ast
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast, get_args

import boto3
import botocore
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.session import Session

from runtime.clients import Service
from runtime.slim import OPERATIONS, slim

RUNTIME = Path(__file__).parents[3] / "runtime"
CALLED_FOR_US = {
    "s3": {"HeadBucket"},
    "dynamodb": {"DescribeTable"},
}
"""By botocore and boto3 themselves."""
OTHER_METHODS = {"query"}
"""Names of operations that other things have too: that they are called says nothing."""
ALL = [(service, operation) for service, operations in sorted(OPERATIONS.items()) for operation in sorted(operations)]
WHOLE = Session(profile=None)


@pytest.fixture(scope="module", name="slimmed")
def _slimmed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A session that knows what the image's does."""
    task = tmp_path_factory.mktemp("task")
    here, there = Path(botocore.__file__).parent / "data", task / "botocore" / "data"
    there.mkdir(parents=True)
    for entry in here.iterdir():
        if entry.is_file():
            shutil.copy(entry, there)
        elif entry.name in OPERATIONS:
            shutil.copytree(entry, there / entry.name)
    slim(task)
    return _with_data(there)


def test_what_is_called_is_kept_and_nothing_else() -> None:
    words = set(_words())
    kept = {service: operations - CALLED_FOR_US.get(service, set()) for service, operations in OPERATIONS.items()}

    for service in get_args(Service):
        operations = WHOLE.get_service_model(service).operation_names
        called = {each for each in operations if xform_name(each) in words - OTHER_METHODS}
        assert called == {each for each in kept[service] if xform_name(each) not in OTHER_METHODS}, service


@pytest.mark.parametrize(("service", "operation"), ALL)
def test_an_operation_takes_and_gives_what_it_did(slimmed: Session, service: str, operation: str) -> None:
    ours, theirs = (session.get_service_model(service).operation_model(operation) for session in (slimmed, WHOLE))

    assert _described(ours) == _described(theirs)


@pytest.mark.parametrize(("service", "operation"), ALL)
def test_an_operation_can_be_called(slimmed: Session, service: str, operation: str) -> None:
    client = _client(slimmed, service)
    sent: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request)
        return AWSResponse(request.url, 200, HTTPHeaders(), cast("Any", _Empty()))

    client.meta.events.register("before-send", answer)
    shape = slimmed.get_service_model(service).operation_model(operation).input_shape

    answered = getattr(client, xform_name(operation))(**_least(shape))

    assert answered["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len(sent) == 1


def test_an_error_has_its_exception(slimmed: Session) -> None:
    for service in OPERATIONS:
        whole, ours = (_client(session, service).exceptions for session in (WHOLE, slimmed))
        assert dir(ours) == dir(whole), service


def test_an_operation_that_is_not_kept_is_named(slimmed: Session) -> None:
    with pytest.raises(AttributeError, match="list_buckets"):
        _client(slimmed, "s3").list_buckets()


def test_a_table_of_chats_is_there(slimmed: Session) -> None:
    table = boto3.Session(botocore_session=slimmed, region_name="eu-central-1").resource("dynamodb").Table("chats")

    assert callable(table.query)
    assert callable(table.delete_item)


class _Empty:
    """An answer's body."""

    def stream(self) -> Iterator[bytes]:
        yield b""


def _with_data(folder: Path) -> Session:
    session = Session(profile=None)
    session.register_component("data_loader", Loader([str(folder)], include_default_search_paths=False))
    return session


def _client(session: Session, service: str) -> Any:
    return session.create_client(
        cast("Any", service), "eu-central-1", aws_access_key_id="nobody", aws_secret_access_key="nothing"
    )


def _words() -> Iterator[str]:
    """What the functions' code calls by a name, or names in a text, as paginators are."""
    for path in RUNTIME.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr=name)):
                    yield name
                case ast.Constant(value=str(text)):
                    yield text
                case _:
                    pass


def _described(operation: OperationModel) -> Any:
    shapes = (operation.input_shape, operation.output_shape, *operation.error_shapes)
    return [operation.http, operation.auth_type, *(_form(shape, ()) for shape in shapes if shape)]


def _form(shape: Shape, within: tuple[str, ...]) -> Any:
    """All that is known of a shape, through and through, but for what is written for people."""
    if shape.name in within:
        return shape.name
    inner = (*within, shape.name)
    known = {"name": shape.name, "type": shape.type_name, **shape.serialization, **_without_text(shape.metadata)}
    match shape:
        case StructureShape():
            known["members"] = {name: _form(each, inner) for name, each in shape.members.items()}
        case ListShape():
            known["member"] = _form(shape.member, inner)
        case MapShape():
            known |= {"key": _form(shape.key, inner), "value": _form(shape.value, inner)}
        case _:
            pass
    return known


def _without_text(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in metadata.items() if name != "documentation"}


def _least(shape: Shape | None) -> dict[str, Any]:
    """The fewest values that are valid."""
    if not isinstance(shape, StructureShape):
        return {}
    return {name: _value(shape.members[name]) for name in shape.required_members}


def _value(shape: Shape) -> Any:
    match shape:
        case StructureShape():
            return _least(shape)
        case ListShape():
            return [_value(shape.member)]
        case MapShape():
            return {"name": _value(shape.value)}
        case _:
            least = max(int(shape.metadata.get("min", 1)), 1)
            return {"integer": least, "long": least, "boolean": True, "double": 1.0, "timestamp": 0}.get(
                shape.type_name, "a" * max(least, 3)
            )
