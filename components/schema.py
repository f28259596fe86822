"""What programs in other languages see of the components: the package's schema, in words that fit any language."""

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from pulumi.provider.experimental.util import camel_case

FILE = Path(__file__).with_name("schema.json")


def readable(schema: str, python_names: Iterable[str]) -> str:
    """The schema, a JSON text, with the descriptions as their readers need them.

    As they come from docstrings they carry the source's indentation, which Markdown takes for code, and name arguments
    as Python does: `image_uri` is `imageUri` everywhere else.
    """
    renamed = {name: camel_case(name) for name in python_names if "_" in name}
    return json.dumps(_described(json.loads(schema), renamed))


def as_file(schema: str) -> str:
    """The schema as it is kept in the repository, so that a change of it is seen in review."""
    return json.dumps(json.loads(schema), indent=2, ensure_ascii=False) + "\n"


def _described(value: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_described(item, renamed) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    document = cast("dict[str, Any]", value)
    return {
        key: _words(item, renamed) if key == "description" and isinstance(item, str) else _described(item, renamed)
        for key, item in document.items()
    }


def _words(docstring: str, renamed: Mapping[str, str]) -> str:
    return re.sub(r"`(\w+)`", lambda match: f"`{renamed.get(match[1], match[1])}`", inspect.cleandoc(docstring))
