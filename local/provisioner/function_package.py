"""The package that stands in for a function's image: a script that starts AWS's runtime client on its copy."""

from __future__ import annotations

import io
import re
import shlex
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from local.provisioner.cloud import Place

# What Lambda itself sets, plus the address that makes the SDKs call the emulator instead of AWS.
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
_RESERVED = (
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
)
_CONSTANT = {
    "LANG": "en_US.UTF-8",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TZ": ":UTC",
}
_EPOCH = (1980, 1, 1, 0, 0, 0)
_EXECUTABLE = 0o755


class UnknownImageError(LookupError):
    """A function names an image that this machine has no copy of."""


def image_folder(place: Place, digest: str) -> Path:
    """Where the copy of an image's files is kept. `digest` is `sha256:<64 hex>`."""
    return place.folder / "images" / digest.removeprefix("sha256:")


def deployment_package(place: Place, image_uri: str, variables: Iterable[str]) -> bytes:
    """A zip for the runtime `provided.al2023`, the same for the same arguments.

    `variables` are the names in the function's environment: nothing else of the emulator's environment reaches it,
    just as nothing of a host's reaches a container. Raises UnknownImageError if the image was not built here.
    """
    matched = re.fullmatch(r"[^@]+@(sha256:[0-9a-f]{64})", image_uri)
    if matched is None:
        raise UnknownImageError(f"{image_uri} does not name an image by its digest")
    folder = image_folder(place, matched[1])
    if not folder.is_dir():
        raise UnknownImageError(f"{image_uri} was not built on this machine")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        entry = zipfile.ZipInfo("bootstrap", _EPOCH)
        entry.external_attr = _EXECUTABLE << 16
        package.writestr(entry, _script(folder, place.runtime_python, variables))
    return content.getvalue()


def _script(folder: Path, python: Path, variables: Iterable[str]) -> str:
    constants = {**_CONSTANT, "LAMBDA_TASK_ROOT": str(folder)}
    settings = [f"{name}={shlex.quote(value)}" for name, value in constants.items()]
    # A variable that is not set stays unset: an empty session token, for one, is not the same as none.
    passed = [f'${{{name}+"{name}=${name}"}}' for name in sorted({*_RESERVED, *variables})]
    command = f'{shlex.quote(str(python))} -m awslambdaric "$_HANDLER"'
    return (
        " \\\n  ".join(
            ["#!/bin/sh\ncd " + shlex.quote(str(folder)) + " || exit 1\nexec env -i", *settings, *passed, command]
        )
        + "\n"
    )
