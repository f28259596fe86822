"""Joins the gallery's JavaScript modules into one, so that a page costs one request rather than thirty, each of which
could be a cold start.

A module becomes a function that returns what it exports, in the order in which modules need each other. Of the
language's forms, those are understood that the gallery and its libraries use: `import { a, b as c } from "…"`,
`import a from "…"` at the beginning of a line or file; `export` before a declaration; `export { a as b }` and
`export default function` anywhere. Whatever else begins with either word is an error, and so is a circle of imports.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

LIBRARIES = {
    "preact": "vendor/preact/preact.mjs",
    "preact/hooks": "vendor/preact/hooks.mjs",
    "htm": "vendor/htm/htm.mjs",
}
"""Names that stand for a file: those by which the libraries call each other too."""

_IMPORT = re.compile(r"""^import\s*(?:(\w+)|\{([^}]*)\})\s*from\s*["']([^"']+)["'];?""", re.MULTILINE)
_DECLARATION = re.compile(r"^export\s+((?:async\s+)?(?:function\*?|const|class)\s+(\w+))", re.MULTILINE)
_LIST = re.compile(r"\bexport\s*\{([^}]*)\};?")
_DEFAULT = re.compile(r"\bexport\s+default\s+(?=function\b)")
_LEFT_OVER = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)
_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)


class BundleError(Exception):
    """A module cannot be joined; the message says which, and why."""


def bundle(root: Path, entry: str) -> str:
    """One script that does what the module `entry` below `root` does. Raises `BundleError`."""
    bundling = _Bundling(root)
    bundling.add(entry, ())
    return "const modules = {};\n" + "".join(bundling.parts)


@dataclass
class _Bundling:
    root: Path
    parts: list[str] = field(default_factory=list[str])
    """Modules, each after those that it needs."""
    added: set[str] = field(default_factory=set[str])

    def add(self, name: str, importers: tuple[str, ...]) -> None:
        if name in importers:
            raise BundleError(f"modules import each other in a circle: {' -> '.join((*importers, name))}")
        if name in self.added:
            return
        try:
            source = (self.root / name).read_text(encoding="utf-8")
        except FileNotFoundError as error:
            importer = importers[-1] if importers else "the page"
            raise BundleError(f"{importer} imports {name}, which is not there") from error
        for imported in _IMPORT.finditer(source):
            self.add(_path(name, imported[3]), (*importers, name))
        self.parts.append(_as_function(name, source))
        self.added.add(name)


def _path(importer: str, specifier: str) -> str:
    """`../a.js`, imported by `app/views/b.js`, as `app/a.js`."""
    if specifier in LIBRARIES:
        return LIBRARIES[specifier]
    if not specifier.startswith("."):
        raise BundleError(f"{importer} imports {specifier}, which is no path and none of {', '.join(LIBRARIES)}")
    parts: list[str] = []
    for part in (PurePosixPath(importer).parent / specifier).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _as_function(name: str, source: str) -> str:
    exported: dict[str, str] = {}

    def imported(match: re.Match[str]) -> str:
        names = f"default: {match[1]}" if match[1] else _pairs(match[2], ": ")
        return f'const {{ {names} }} = modules["{_path(name, match[3])}"];'

    def declared(match: re.Match[str]) -> str:
        exported[match[2]] = match[2]
        return match[1]

    def listed(match: re.Match[str]) -> str:
        exported.update((outside, inside) for inside, outside in _names(match[1]))
        return ""

    def default(_match: re.Match[str]) -> str:
        exported["default"] = "byDefault"
        return "const byDefault = "

    body = _IMPORT.sub(imported, _SOURCE_MAP.sub("", source))
    body = _DECLARATION.sub(declared, body)
    body = _DEFAULT.sub(default, _LIST.sub(listed, body))
    if left := _LEFT_OVER.search(body):
        raise BundleError(f"{name} has a form that cannot be joined: {left[0]}")
    return f'modules["{name}"] = (() => {{\n{body}\nreturn {{ {_object(exported)} }};\n}})();\n'


def _names(text: str) -> list[tuple[str, str]]:
    """`a, b as c` as [(a, a), (b, c)]."""
    words = [part.split() for part in text.split(",") if part.strip()]
    return [(word[0], word[-1]) for word in words]


def _pairs(text: str, sign: str) -> str:
    return ", ".join(f"{theirs}{sign}{ours}" for theirs, ours in _names(text))


def _object(exported: Mapping[str, str]) -> str:
    return ", ".join(f"{outside}: {inside}" for outside, inside in exported.items())
