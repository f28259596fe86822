"""The functions' handlers, a module each. Lambda imports one of them, and this before anything else of ours."""

import gc
import os

# Nothing that is imported is garbage, and looking for some takes a seventh of a start.
# `runtime.observability.ready` is the end of this.
gc.disable()
# pydantic would look for plugins in the metadata of every package.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
