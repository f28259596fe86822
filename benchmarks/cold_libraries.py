"""What the functions' libraries take of a start by themselves: handlers that do nothing but use one of them once."""

from __future__ import annotations

from pathlib import Path

from benchmarks.cold_world import Function

_COLLECTOR = """\
# No garbage is looked for, as in the functions.
import runtime.handlers
"""
_HANDLER = """\
def handler(event, context):
    {}
    return {{}}
"""

_POSTGRES = ("import os\nimport psycopg", 'psycopg.connect(os.environ["DATABASE_URL"]).close()')
_HTTP = ("import urllib3", "urllib3.PoolManager()")
_MSGSPEC = (
    "import msgspec\nclass Named(msgspec.Struct):\n    name: str",
    'msgspec.json.decode(\'{"name": "one"}\', type=Named)',
)
_POWERTOOLS = (
    # Nothing is patched: that would import what is patched.
    "from aws_lambda_powertools import Logger, Metrics, Tracer\n"
    "logger, metrics, tracer = Logger(), Metrics(), Tracer(auto_patch=False)",
    'logger.info("one")',
)

LIBRARIES = {
    "psycopg: imported, a connection": [_POSTGRES],
    "urllib3: imported, a pool of connections": [_HTTP],
    "msgspec: imported, a model of one field": [_MSGSPEC],
    "Powertools, with X-Ray's SDK: imported, a line in the log": [_POWERTOOLS],
    "all four": [_POSTGRES, _HTTP, _MSGSPEC, _POWERTOOLS],
}
"""What is imported, and what is done in the invocation."""


def libraries(task: Path) -> list[Function]:
    """Handlers for `LIBRARIES`, written into the image's folder."""
    functions: list[Function] = []
    for number, (name, parts) in enumerate(LIBRARIES.items()):
        imports, uses = zip(*parts, strict=True)
        module = f"library_{number}"
        source = "\n".join([_COLLECTOR, *imports, _HANDLER.format("\n    ".join(uses))])
        (task / f"{module}.py").write_text(source)
        functions.append(Function(name, f"{module}.handler", {}, dict, lambda _: None))
    return functions
