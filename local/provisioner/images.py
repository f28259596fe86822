"""Container images without a container engine: a digest of what would be built, and a copy of the code in it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from local.provisioner.function_package import image_folder
from local.provisioner.kind import Created, Kind, put

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.provisioner.cloud import Cloud, Place
    from local.provisioner.kind import Record
    from local.provisioner.state import State
    from local.recorder import Properties

_CODE = "runtime"
"""The folder of the build context that the image consists of, besides installed packages."""


@dataclass(frozen=True)
class BuildContext:
    """The files that a build would see.

    Patterns of `.dockerignore` are understood as in https://docs.docker.com/build/concepts/context/#syntax: the last
    that matches a path, or a folder above it, decides.
    """

    root: Path
    ignored: tuple[tuple[re.Pattern[str], bool, str], ...]

    @classmethod
    def at(cls, root: Path) -> BuildContext:
        file = root / ".dockerignore"
        lines = file.read_text().splitlines() if file.is_file() else []
        patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        return cls(root, tuple(_pattern(each) for each in patterns))

    def files(self) -> Iterator[Path]:
        """Paths relative to the root, sorted within each folder."""
        for folder, subfolders, names in os.walk(self.root):
            here = Path(folder).relative_to(self.root)
            subfolders[:] = sorted(each for each in subfolders if self._may_hold((here / each).as_posix()))
            yield from (here / each for each in sorted(names) if self.includes((here / each).as_posix()))

    def includes(self, path: str) -> bool:
        included = True
        for pattern, excludes, _ in self.ignored:
            if pattern.fullmatch(path):
                included = not excludes
        return included

    def _may_hold(self, folder: str) -> bool:
        if self.includes(folder):
            return True
        return any(not excludes and f"{text}/".startswith(f"{folder}/") for _, excludes, text in self.ignored)

    def digest(self, arguments: object) -> str:
        """`sha256:…` of all files' paths, modes and bytes, and of the build's arguments."""
        total = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode())
        for path in self.files():
            file = self.root / path
            executable = os.access(file, os.X_OK)
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            total.update(f"{path.as_posix()}\0{executable}\0{content}\n".encode())
        return f"sha256:{total.hexdigest()}"


def _pattern(line: str) -> tuple[re.Pattern[str], bool, str]:
    excludes = not line.startswith("!")
    text = line.removeprefix("!").strip().strip("/")
    expression = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", text):
        expression += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(part, re.escape(part))
    return re.compile(f"{expression}(?:/.*)?"), excludes, text


def _build(inputs: Properties) -> Properties:
    build = inputs.get("build")
    if not isinstance(build, dict):
        raise TypeError("the image has no build to look at")
    return cast("Properties", build)


def _digest(inputs: Properties) -> str:
    build = _build(inputs)
    arguments = [build.get("args"), build.get("platform"), build.get("target")]
    return BuildContext.at(Path(str(build.get("context") or "."))).digest(arguments)


def _apply(cloud: Cloud, name: str, inputs: Properties) -> Created:
    del name
    digest = _digest(inputs)
    _copy(BuildContext.at(Path(str(_build(inputs).get("context") or "."))), image_folder(cloud.place, digest), cloud)
    repository = re.sub(r":[^:/]+$", "", str(inputs["imageName"]))
    reference = f"{repository}@{digest}"
    return Created(reference, {"repoDigest": reference, "baseImageName": inputs["imageName"]})


def _copy(context: BuildContext, folder: Path, cloud: Cloud) -> None:
    """Puts the code where functions run from, byte-compiled as in the image; complete, or not at all."""
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        for path in context.files():
            if path.parts[0] == _CODE and len(path.parts) > 1:
                target = Path(temporary, "image", path)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(context.root / path, target)
        image = Path(temporary, "image")
        if not image.is_dir():
            raise FileNotFoundError(f"the build context {context.root} has no {_CODE}/")
        compile_all = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(image)]
        subprocess.run([str(cloud.place.runtime_python), *compile_all], check=True, capture_output=True)
        image.rename(folder)


def _observe(cloud: Cloud, inputs: Properties) -> Properties:
    digest = _digest(inputs)
    return {"digest": digest, "present": image_folder(cloud.place, digest).is_dir()}


def remove_unused(place: Place, state: State) -> None:
    """Deletes copies of images that no deployed function runs from."""
    folder = place.folder / "images"
    if not folder.is_dir():
        return
    used = {image_folder(place, _digest_in(record)).name for record in state.of("aws:lambda/function:Function")}
    for copy in folder.iterdir():
        if copy.name not in used:
            shutil.rmtree(copy)


def _digest_in(function: Record) -> str:
    return str(function.inputs["imageUri"]).rpartition("@")[2]


KINDS: dict[str, Kind] = {}
_image = put(_apply)
KINDS["docker:index/image:Image"] = Kind(_image.create, update=_image.update, observe=_observe)
