"""Every setting of a stack, as Markdown: the table in docs/settings.md.

python -m local.reference
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from components.settings import StackSettings
from components.settings_rules import Mfa
from local.program import load_config

if TYPE_CHECKING:
    from collections.abc import Mapping

STACKS = ("dev", "test", "prod")
SECRETS = {"anthropicApiKey": "", "voyageApiKey": ""}
REQUIRED = "required, secret"


def table(root: Path) -> str:
    """A row for each key of `collections:`, in the order of the code, with what the stack files say."""
    files = {stack: load_config(root, stack, SECRETS).config for stack in STACKS}
    rows = ["| key | what it is | allowed | default | dev / test / prod |", "|---|---|---|---|---|"]
    for name, field in StackSettings.model_fields.items():
        if name == "stack":
            continue
        key = field.alias or name
        secret = name in StackSettings.secret_fields()
        row = [f"`{key}`", field.description or "", _allowed(field), _default(field, secret=secret)]
        rows.append("| " + " | ".join([*row, "" if secret else _in_files(key, files)]) + " |")
    return "\n".join(rows)


def _allowed(field: FieldInfo) -> str:
    if field.annotation is bool:
        return "true, false"
    if field.annotation is Mfa:
        return ", ".join(Mfa)
    least = next((str(each.ge) for each in field.metadata if isinstance(each, Ge)), None)
    most = next((str(each.le) for each in field.metadata if isinstance(each, Le)), None)
    if least is not None and most is not None:
        return least if least == most else f"{least} to {most}"
    return f"{least} or more" if least is not None else ""


def _default(field: FieldInfo, *, secret: bool) -> str:
    value: Any = field.default
    if value is PydanticUndefined:
        return REQUIRED
    if secret:
        return "none, secret"
    if value in (None, "", ()):
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _in_files(key: str, files: Mapping[str, Mapping[str, str]]) -> str:
    values = [files[stack].get(f"collections:{key}", "") for stack in STACKS]
    if not any(values):
        return ""
    return values[0] if len(set(values)) == 1 else " / ".join(value or "-" for value in values)


if __name__ == "__main__":
    sys.stdout.write(table(Path(__file__).parent.parent) + "\n")
