"""Files of this program's own: never there half-written, nor readable by others."""

import json
import os
import tempfile
from pathlib import Path
from typing import Any


def configuration_folder() -> Path:
    """`collections` in the user's configuration folder (XDG)."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "collections"


def write_private(file: Path, value: Any) -> None:
    """Replace `file` by `value` as JSON, in one step. Raises `OSError`, and leaves what was there before."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp makes it readable by its owner only.
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            json.dump(value, written, indent=2)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
