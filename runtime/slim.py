"""Run while the image is built: takes out what no function uses, and makes what is left the same each time.

    python3 slim.py slim /var/task         # before files are compiled
    python3 slim.py normalise /var/task    # after

Packages bring what only their developers need. What is left has no times, and files that everybody can read: Lambda
runs functions as a user of its own.
"""

import gzip
import json
import os
import shutil
import sys
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any, cast

OPERATIONS = {
    "cognito-idp": {"AdminDeleteUser", "AdminDisableUser", "AdminUserGlobalSignOut"},
    # boto3 describes a table by what its description has.
    "dynamodb": {
        *("BatchWriteItem", "DeleteItem", "DescribeTable", "GetItem", "PutItem", "Query", "TransactWriteItems"),
    },
    # botocore asks for the head of a bucket that is in another region.
    "s3": {"CompleteMultipartUpload", "CreateMultipartUpload", "GetObject", "HeadBucket", "UploadPart"},
    # X-Ray's SDK makes a client of it where it is not told that it is on Lambda.
    "xray": {"GetSamplingRules", "GetSamplingTargets"},
}
"""Of AWS's services (400), and of their operations (100 of S3's alone), those whose descriptions botocore keeps: what
the functions call. A client has no method for any other, and says so by its name."""

UNUSED = {Path("pydantic/v1")}
"""Packages within packages that nothing of ours uses. Of pydantic's first version FastAPI asks at each start whether a
route's model is one; where it is not there, none is."""

_TYPING = {".pyi", ".pxd", ".pyx", ".c", ".h", ".cpp", ".hpp"}
"""Suffixes of what compilers and type checkers read."""


def slim(root: Path) -> None:
    """Remove and normalise below `root`, where packages lie side by side with `runtime`."""
    _shorten(root / "botocore" / "data")
    for folder, folders, files in os.walk(root, topdown=True):
        path = Path(folder)
        inside = path.relative_to(root)
        for name in [each for each in folders if each in {"tests", "__pycache__"} or inside / each in UNUSED]:
            shutil.rmtree(path / name)
            folders.remove(name)
        for name in files:
            if Path(name).suffix in _TYPING:
                (path / name).unlink()


def _shorten(data: Path) -> None:
    """What botocore reads for a client: of our services alone, what we call, without its manual, and as small as it
    can be read: the rules for S3's addresses are a megabyte, most of it blanks."""
    for service in data.iterdir():
        if service.is_dir() and service.name not in OPERATIONS:
            shutil.rmtree(service)
    endpoints = data / "endpoints.json"
    known = json.loads(endpoints.read_bytes())
    for partition in known["partitions"]:
        partition["services"] = {name: each for name, each in partition["services"].items() if name in OPERATIONS}
    endpoints.write_text(_compact(known))
    for examples in data.glob("*/*/examples-1.json*"):
        examples.unlink()
    for packed in data.glob("*/*/*.json.gz"):
        described = json.loads(gzip.decompress(packed.read_bytes()))
        if packed.name == "service-2.json.gz":
            described = _without_manual(_called(described, OPERATIONS[packed.parent.parent.name]))
        packed.with_suffix("").write_text(_compact(described))
        packed.unlink()


def _called(described: dict[str, Any], operations: Set[str]) -> dict[str, Any]:
    """The service's description with these operations alone, and the shapes that they lead to. All errors stay: any
    operation may raise any, and a client has an exception for each."""
    kept = {name: each for name, each in described["operations"].items() if name in operations}
    shapes = described["shapes"]
    reached = set[str]()
    ahead = [*_shapes_of(kept), *(name for name, each in shapes.items() if each.get("exception"))]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += _shapes_of(shapes[name])
    return {**described, "operations": kept, "shapes": {name: each for name, each in shapes.items() if name in reached}}


def _shapes_of(value: Any) -> Iterator[str]:
    """The names of those that are referred to; a member may be named `shape` too."""
    if isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _shapes_of(each)
    elif isinstance(value, dict):
        for name, each in cast("dict[str, Any]", value).items():
            if name == "shape" and isinstance(each, str):
                yield each
            else:
                yield from _shapes_of(each)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _without_manual(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_manual(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    # Emptied, not removed: some of it botocore reads. What is no text is a member of that name.
    named = cast("dict[str, Any]", value).items()
    return {
        name: "" if name == "documentation" and isinstance(each, str) else _without_manual(each) for name, each in named
    }


def normalise(root: Path) -> None:
    """Readable by everybody, writable by the owner, and from the beginning of time."""
    for folder, _, files in os.walk(root, topdown=False):
        for name in files:
            path = Path(folder, name)
            path.chmod(0o755 if os.access(path, os.X_OK) else 0o644)
            os.utime(path, (0, 0))
        Path(folder).chmod(0o755)
        os.utime(folder, (0, 0))


if __name__ == "__main__":
    target = Path(sys.argv[2])
    {"slim": slim, "normalise": normalise}[sys.argv[1]](target)
