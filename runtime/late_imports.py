"""Run while the image is built, before files are compiled: packages import later what a start does not need.

    python3 late_imports.py /var/task

Some packages import at once what only a part of them works with that no function has: asyncio, say, or a class for each
event that AWS knows. Their files are written anew, so that such an import happens when it is first needed:

- a function that works with what is imported imports it itself, before the statement that does;
- what a module only hands on, or defines with it, it makes when it is first asked for it (PEP 562).

No name is taken away: each can be imported as before, and is the same. What is known when the image is built is
written down instead of looked up, and what only type checkers read is left out.

What cannot be done like this is refused by its file, and so is what is listed and not there, as may be after a
package's next version.
"""

import ast
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from importlib import metadata
from pathlib import Path

HANDED_ON = "handed on"
"""All modules from which a file imports names that it does not work with itself."""

_POWERTOOLS = "aws_lambda_powertools/utilities"
DEFERRED: Mapping[str, Sequence[str]] = {
    # Another program that decodes JPEGs.
    "PIL/JpegImagePlugin.py": ["subprocess"],
    # Only the API's correlation ids are looked up by a path.
    "aws_lambda_powertools/logging/logger.py": ["aws_lambda_powertools.utilities"],
    # A class for each event that AWS knows, and processors for all streams.
    f"{_POWERTOOLS}/batch/__init__.py": [HANDED_ON],
    f"{_POWERTOOLS}/batch/base.py": ["asyncio"],
    f"{_POWERTOOLS}/data_classes/__init__.py": [HANDED_ON],
    # Its asynchronous half.
    "psycopg/__init__.py": [HANDED_ON],
    "psycopg/_acompat.py": ["asyncio"],
    "psycopg/_conninfo_attempts_async.py": ["asyncio"],
    "psycopg/_copy_async.py": ["._acompat"],
    "psycopg/errors.py": ["asyncio"],
    "psycopg/pq/misc.py": ["ctypes.util"],
    "psycopg/waiting.py": ["asyncio"],
    # Of plugins, which are switched off.
    "pydantic/plugin/_loader.py": ["importlib.metadata"],
    # The version of an HTTP/2 that is not installed.
    "urllib3/http2/__init__.py": ["importlib.metadata"],
    # X-Ray's SDK works with its decorators.
    "wrapt/__init__.py": [HANDED_ON],
    "wrapt/importer.py": ["importlib.metadata"],
    "wrapt/synchronization.py": ["asyncio"],
}
"""By file, the modules that it imports later, as they are written there."""

VERSIONS = {"psycopg/version.py": "psycopg", "psycopg_binary/version.py": "psycopg-binary"}
"""Files that hold a distribution's version, and look it up in the metadata of what is installed."""

FIXED: Mapping[str, tuple[str, bool]] = {
    # Where pydantic is loaded, the type of an argument that we do not give names its models of all events.
    f"{_POWERTOOLS}/batch/types.py": ("has_pydantic", False),
}
"""By file, a variable that decides what is imported, and its value."""

DECLARATIONS = ("pydantic_core/core_schema.py",)
"""Files whose `TypedDict`s are for type checkers alone. They lose their members: Python would compile the type of each,
a thousand, at every start."""

_NOTICE = (
    "# Written anew by runtime/late_imports.py, which says why: not as it was published, and without its comments.\n"
)

_ASKED = """
def __getattr__(name):
    global {names}
    if name in {submodules}:
        from importlib import import_module
        return import_module("." + name, __name__)
{branches}
    else:
        raise AttributeError(f"module {{__name__!r}} has no attribute {{name!r}}")
    return globals()[name]

def __dir__():
    return sorted({{*globals(), {listed}}})
"""

Import = ast.Import | ast.ImportFrom
Function = ast.FunctionDef | ast.AsyncFunctionDef
_PARTS = ast.ExceptHandler | ast.match_case


class CannotDeferError(Exception):
    """A package is not as it was when it was listed here."""


def defer(root: Path) -> None:
    """Write the listed files below `root` anew. Raises `CannotDeferError`."""
    for file, modules in DEFERRED.items():
        _write(root, file, _Module(file, _read(root, file)).deferred(modules))
    for file, distribution in VERSIONS.items():
        _write(root, file, _with_version(file, _read(root, file), root, distribution))
    for file, (name, value) in FIXED.items():
        _write(root, file, _with_value(file, _read(root, file), name, value=value))
    for file in DECLARATIONS:
        _write(root, file, _without_members(file, _read(root, file)))


class _Module:
    """A file whose imports are deferred."""

    def __init__(self, file: str, tree: ast.Module) -> None:
        self.file = file
        self.tree = tree
        self.imports: dict[str, Import] = {}
        """What is deferred, by each name that it gives the module."""
        self.made: list[tuple[list[str], list[ast.stmt]]] = []
        """Names, and what makes them when the module is asked for one."""

    def deferred(self, modules: Sequence[str]) -> ast.Module:
        """What becomes of the file when it imports these later."""
        used = _names([self.tree])
        imports = [*_imports(self.tree.body)]
        handed_on = [each for each in imports if HANDED_ON in modules and self._is_handed_on(each, used)]
        found = handed_on or [each for each in imports if _module(each) in modules]
        if {*modules} - {_module(each) for each in found} - ({HANDED_ON} if handed_on else set()):
            raise CannotDeferError(f"{self.file} does not import all of {', '.join(modules)}")
        for each in found:
            self.imports |= dict.fromkeys(_bound(each), each)
            self.made.append((_bound(each), [each]))
        self.tree.body = [self._later(each) for each in self.tree.body]
        self.tree.body += self._asked({name for each in found if (name := self._submodule(each))})
        return self.tree

    def _is_handed_on(self, imported: Import, used: set[str]) -> bool:
        """Not so where a name is also that of the module that it comes from: whoever imports that would hide it."""
        if not isinstance(imported, ast.ImportFrom) or imported.module in {None, "__future__"}:
            return False
        return not used & {*_bound(imported)} and self._submodule(imported) not in _bound(imported)

    def _submodule(self, imported: Import) -> str | None:
        """The name of what is imported from, where that is a module of the package that this file is."""
        package, _, name = self.file.rpartition("/")
        if name != "__init__.py":
            return None
        within = _module(imported).removeprefix(package.replace("/", "."))
        return within.removeprefix(".") if within.rfind(".") == 0 else None

    def _later(self, statement: ast.stmt, *, conditional: bool = False) -> ast.stmt:
        """What becomes of a statement: without a deferred import, or with one in each function that needs it."""
        match statement:
            case ast.Import() | ast.ImportFrom():
                return ast.Pass() if statement in self.imports.values() else statement
            case ast.If() if not self._needed([statement.test]):
                statement.body = [self._later(each, conditional=True) for each in statement.body]
                statement.orelse = [self._later(each, conditional=True) for each in statement.orelse]
            case _ if not self._needed([statement]):
                pass
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._import_in(statement)
            case ast.ClassDef() if not self._needed(_at_once(statement)):
                statement.body = [self._later(each, conditional=True) for each in statement.body]
            case _ if not conditional:
                return self._make_later(statement)
            case _:
                raise self._refused(statement)
        return statement

    def _import_in(self, function: Function) -> None:
        lazily = any(isinstance(each, ast.ImportFrom) and each.module == "__future__" for each in self.tree.body)
        evaluated = [*function.decorator_list, *function.args.defaults, *filter(None, function.args.kw_defaults)]
        annotations = [each.annotation for each in ast.walk(function.args) if isinstance(each, ast.arg)]
        evaluated += [] if lazily else filter(None, [*annotations, function.returns])
        needed = self._needed(function.body)
        if self._needed(evaluated) or any(name in _assigned(function) for each in needed for name in _bound(each)):
            raise self._refused(function)
        function.body = [*self._importing(function.body, set())]

    def _importing(self, block: Sequence[ast.stmt], known: set[str]) -> Iterator[ast.stmt]:
        """A block within a function, each deferred import before the first statement that needs it."""
        known = {*known}
        for statement in block:
            blocks = _blocks(statement)
            needed = self._needed(_header(statement, blocks), known)
            known |= {name for each in needed for name in _bound(each)}
            yield from needed
            for inner, name in blocks:
                setattr(inner, name, [*self._importing(getattr(inner, name), known)])
            yield statement

    def _make_later(self, statement: ast.stmt) -> ast.stmt:
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.ClassDef(name=name):
                made = statement
            case ast.AnnAssign(target=ast.Name(id=name) as target, value=ast.expr() as value):
                # What is global cannot be annotated.
                made = ast.Assign([target], value, lineno=statement.lineno)
            case _:
                raise self._refused(statement)
        if name in _names(each for each in self.tree.body if each is not statement):
            raise self._refused(statement)
        self.made.append(([name], [*self._needed([made]), made]))
        return ast.Pass()

    def _needed(self, nodes: Iterable[ast.AST], known: Set[str] = frozenset()) -> list[Import]:
        """The deferred imports that these work with, without those of names that are known."""
        used = _names(nodes) - known
        return [*{id(each): each for name, each in self.imports.items() if name in used}.values()]

    def _asked(self, submodules: set[str]) -> list[ast.stmt]:
        """What a module answers when it is asked for a name that it does not have."""
        listed = [name for names, _ in self.made for name in names]
        branches = [
            f"elif name in {names}:\n" + textwrap.indent("\n".join(map(ast.unparse, statements)), "    ")
            for names, statements in self.made
        ]
        text = _ASKED.format(
            names=", ".join(dict.fromkeys(listed)),
            listed=", ".join(map(repr, listed)),
            # Which importing a name from them would have made attributes of this one.
            submodules=sorted(submodules),
            branches=textwrap.indent("\n".join(branches), "    "),
        )
        return ast.parse(text).body

    def _refused(self, statement: ast.stmt) -> CannotDeferError:
        return CannotDeferError(f"{self.file}, line {statement.lineno}, works with what it was to import later")


def _imports(statements: Iterable[ast.stmt]) -> Iterator[Import]:
    """Those that a module makes when it is imported, also under a condition."""
    for each in statements:
        if isinstance(each, Import):
            yield each
        elif isinstance(each, ast.If) and "TYPE_CHECKING" not in _names([each.test]):
            yield from _imports([*each.body, *each.orelse])


def _module(imported: Import) -> str:
    if isinstance(imported, ast.ImportFrom):
        return "." * imported.level + (imported.module or "")
    return imported.names[0].name


def _bound(imported: Import) -> list[str]:
    return [each.asname or each.name.partition(".")[0] for each in imported.names]


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    return {name.id for node in nodes for name in ast.walk(node) if isinstance(name, ast.Name)}


def _parts(statement: ast.stmt) -> list[ast.AST]:
    """A statement, and what of it has statements within: handlers of exceptions, and cases."""
    return [statement, *(each for each in ast.iter_child_nodes(statement) if isinstance(each, _PARTS))]


def _blocks(statement: ast.stmt) -> list[tuple[ast.AST, str]]:
    """Where a statement has others within: the nodes, and their fields. A class counts as a whole."""
    parts = [] if isinstance(statement, ast.ClassDef) else _parts(statement)
    return [(each, name) for each in parts for name in ("body", "orelse", "finalbody") if getattr(each, name, None)]


def _header(statement: ast.stmt, blocks: Iterable[tuple[ast.AST, str]]) -> list[ast.AST]:
    """What of a statement is not in its blocks."""
    within = {id(each) for node, name in blocks for each in getattr(node, name)}
    children = [child for part in _parts(statement) for child in ast.iter_child_nodes(part)]
    return [each for each in children if id(each) not in within and not isinstance(each, _PARTS)]


def _assigned(function: Function) -> set[str]:
    """Names that are the function's own."""
    inside = [*ast.walk(function)]
    stored = {each.id for each in inside if isinstance(each, ast.Name) and not isinstance(each.ctx, ast.Load)}
    return stored | {each.arg for each in inside if isinstance(each, ast.arg)}


def _at_once(definition: ast.ClassDef) -> list[ast.AST]:
    """Of a class, what is evaluated when it is defined."""
    within = [each for each in definition.body if not isinstance(each, Function)]
    return [*definition.decorator_list, *definition.bases, *definition.keywords, *within]


def _with_version(file: str, tree: ast.Module, root: Path, distribution: str) -> ast.Module:
    found = [each.version for each in metadata.distributions(name=distribution, path=[str(root)])]
    if len(found) != 1 or f"__version__ = metadata.version({distribution!r})" not in ast.unparse(tree):
        raise CannotDeferError(f"{file} does not look up the version of {distribution}, or that is not there once")
    return ast.parse(f"__version__ = {found[0]!r}")


def _with_value(file: str, tree: ast.Module, name: str, *, value: bool) -> ast.Module:
    for each in tree.body:
        match each:
            case ast.Assign(targets=[ast.Name(id=assigned)]) if assigned == name:
                each.value = ast.Constant(value)
                return tree
            case _:
                pass
    raise CannotDeferError(f"{file} has no {name}")


def _without_members(file: str, tree: ast.Module) -> ast.Module:
    declared = [each for each in tree.body if isinstance(each, ast.ClassDef) and "TypedDict" in _names(each.bases)]
    if not declared:
        raise CannotDeferError(f"{file} has no TypedDict")
    for each in declared:
        each.body = [member for member in each.body if not isinstance(member, ast.AnnAssign)] or [ast.Pass()]
    return tree


def _read(root: Path, file: str) -> ast.Module:
    try:
        return ast.parse((root / file).read_bytes())
    except FileNotFoundError as error:
        raise CannotDeferError(f"{file} is not there") from error


def _write(root: Path, file: str, tree: ast.Module) -> None:
    (root / file).write_text(_NOTICE + ast.unparse(ast.fix_missing_locations(tree)) + "\n")


if __name__ == "__main__":
    defer(Path(sys.argv[1]))
