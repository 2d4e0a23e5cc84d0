"""The order of the floors, read from the source: who imports what, who prints, who touches privates.

4 doors      localedge.cli.*  localedge.tap  the twistd plugin
3 world      localedge.edge.*  localedge.machine.*
2 knowledge  localedge.claude.*  localedge.pki.*  localedge.sse
1 HTTP       localedge.http.*
0 values     localedge.config  localedge.errors  localedge.messages  localedge.settings  localedge.names
"""

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
PLUGIN = "twisted.plugins.localedge_plugin"
LONGEST = 400

FLOORS = {
    "localedge": 0,
    "localedge.config": 0,
    "localedge.errors": 0,
    "localedge.messages": 0,
    "localedge.names": 0,
    "localedge.settings": 0,
    "localedge.http": 1,
    "localedge.claude": 2,
    "localedge.pki": 2,
    "localedge.sse": 2,
    "localedge.edge": 3,
    "localedge.machine": 3,
    "localedge.__main__": 4,
    "localedge.cli": 4,
    "localedge.tap": 4,
    PLUGIN: 4,
}

# Floors 0 to 2 are bytes and numbers in, values out: no sockets, no clock, no processes, no Twisted.
WORLD = {
    "asyncio",
    "click",
    "concurrent",
    "http",
    "httpx",
    "multiprocessing",
    "OpenSSL",
    "platformdirs",
    "random",
    "requests",
    "secrets",
    "select",
    "selectors",
    "signal",
    "socket",
    "socketserver",
    "ssl",
    "subprocess",
    "threading",
    "time",
    "twisted",
    "urllib.request",
    "zope",
}

ONLY_IN = {"httptools": "localedge.http.parser"}
PRINTS = "localedge.cli.output"
PRIVATES = {"localedge.edge.wire", "localedge.edge.polling"}  # the fast path
NAMED_TUPLE = {
    "_asdict",
    "_field_defaults",
    "_fields",
    "_make",
    "_replace",
}  # public, whatever the underscore


def floor(module: str) -> int | None:
    """The floor of one of our modules; None for a module that is not ours."""
    name = module
    while name:
        if name in FLOORS and (name != "localedge" or module == "localedge"):
            return FLOORS[name]
        name = name.rpartition(".")[0]
    if module.partition(".")[0] == "localedge":
        raise LookupError(f"{module} stands on no floor: give it one in this test, or another name")
    return None


def within(module: str, names: set[str]) -> bool:
    """Is `module` one of `names`, or inside one of them?"""
    return any(module == name or module.startswith(name + ".") for name in names)


def imported(node: ast.AST, package: str) -> list[str]:
    """The modules that an import statement may load: for `from a import b` both `a` and `a.b`.

    `package` is where a relative import starts.
    """
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            parents = package.split(".")[: 1 - level or None] if level else []
            base = ".".join([*parents, *filter(None, [module])])
            return [base, *(f"{base}.{alias.name}" for alias in names)]
    return []


def exists(module: str) -> bool:
    """Is this name a module of ours (and not a name inside one)?"""
    path = SOURCE.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def at_module_level(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that runs when the module is imported: all but the bodies of functions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def breaches(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """What this module does that its floor, or its name, does not allow."""
    tree = ast.parse(source)
    package = module if is_package else module.rpartition(".")[0]
    privates = own_privates(tree)
    found = []
    if (lines := source.count("\n")) > LONGEST:
        found.append(f"{lines} lines, at most {LONGEST}")
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        found += [f"line {line}: {breach}" for breach in _imports(imported(node, package), module)]
        found += [f"line {line}: {breach}" for breach in _privates(node, privates) if module not in PRIVATES]
        found += [f"line {line}: {breach}" for breach in _prints(node) if module != PRINTS]
    for node in at_module_level(tree):
        if "twisted.internet.reactor" in imported(node, package):
            found.append(f"line {getattr(node, 'lineno', 0)}: imports the global reactor at module level")
    return found


def _imports(names: list[str], module: str) -> Iterator[str]:
    own = floor(module)
    assert own is not None, module
    for name in names:
        theirs = floor(name) if exists(name) else None
        if theirs is not None and theirs > own:
            yield f"floor {own} imports {name} of floor {theirs}"
        if own <= 2 and within(name, WORLD):
            yield f"floor {own} imports {name}"
        if name in ONLY_IN and module != ONLY_IN[name]:
            yield f"only {ONLY_IN[name]} names {name}"


def own_privates(tree: ast.Module) -> set[str]:
    """The private names that this module gives itself: `_x = ...`, `def _x`, `self._x = ...`, `__slots__`."""
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id="__slots__")], value=value):
                names.update(str(part.value) for part in ast.walk(value) if isinstance(part, ast.Constant))
    return names


def _privates(node: ast.AST, own: set[str]) -> Iterator[str]:
    """Somebody else's private name: not reached through self or cls, and not this module's own."""
    match node:
        case (
            ast.Attribute(value=ast.Name(id="self" | "cls"))
            | ast.Attribute(value=ast.Call(func=ast.Name(id="super")))
        ):
            return
        case ast.Attribute(attr=name) if _private(name) and name not in own:
            yield f"touches the private name {name}"
        case ast.ImportFrom(names=names):
            for alias in names:
                if _private(alias.name):
                    yield f"imports the private name {alias.name}"
        case ast.Call(
            func=ast.Name(id="getattr" | "setattr" | "hasattr"), args=[_, ast.Constant(value=str(name)), *_]
        ):
            if _private(name) and name not in own:
                yield f"touches the private name {name}"


def _private(name: str) -> bool:
    dunder = name.startswith("__") and name.endswith("__")
    return name.startswith("_") and not dunder and name not in NAMED_TUPLE


def _prints(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id="print")):
            yield "prints"
        case ast.Attribute(value=ast.Name(id="click"), attr="echo" | "secho" | "echo_via_pager"):
            yield f"prints with click.{node.attr}"
        case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "__stdout__"):
            yield "writes to sys.stdout"
        case ast.ImportFrom(module="click", names=names):
            for alias in names:
                if alias.name in {"echo", "secho"}:
                    yield f"imports click.{alias.name}"


def name_of(path: Path) -> str:
    """The dotted name of the module in a file below src."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> list[Path]:
    """Every module of ours."""
    return sorted(SOURCE.rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_every_module_keeps_to_its_floor(path: Path) -> None:
    """A module imports from its own floor or below, and leaves output and private names to their places."""
    source = path.read_text(encoding="utf-8")
    assert breaches(name_of(path), source, is_package=path.name == "__init__.py") == []


def test_the_source_is_found() -> None:
    """The test above looks at the real tree."""
    names = {name_of(path) for path in modules()}
    assert {"localedge", "localedge.config"} <= names


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("localedge.config", "import localedge.http", "floor 0 imports localedge.http of floor 1"),
        ("localedge.http.guard", "from localedge import edge", "floor 1 imports localedge.edge of floor 3"),
        (
            "localedge.edge.agent",
            "from localedge.cli import main",
            "floor 3 imports localedge.cli of floor 4",
        ),
        ("localedge.http.guard", "import time", "floor 1 imports time"),
        ("localedge.claude.rules", "from twisted.python import log", "floor 2 imports twisted.python"),
        ("localedge.http.head", "def late():\n    import socket", "floor 1 imports socket"),
        ("localedge.http.head", "import httptools", "only localedge.http.parser names httptools"),
        ("localedge.config", "from . import http", "floor 0 imports localedge.http of floor 1"),
        (
            "localedge.http.head",
            "from ..edge.wire import Wire",
            "floor 1 imports localedge.edge.wire of floor 3",
        ),
        ("localedge.edge.agent", "from twisted.internet import reactor", "imports the global reactor"),
        ("localedge.edge.agent", "class A:\n  import twisted.internet.reactor", "imports the global reactor"),
        ("localedge.edge.agent", "if True:\n  from twisted.internet import reactor", "the global reactor"),
        ("localedge.edge.agent", "def f(t):\n  return t._tempDataBuffer", "private name _tempDataBuffer"),
        ("localedge.edge.agent", "def f(t):\n  return getattr(t, '_reactor')", "private name _reactor"),
        ("localedge.edge.agent", "def f(t):\n  t.__x = 1", "private name __x"),
        ("localedge.edge.agent", "from twisted.web._newclient import _x", "private name _x"),
        ("localedge.edge.agent", "print('here')", "prints"),
        ("localedge.cli.run", "import click\nclick.echo('here')", "prints with click.echo"),
        ("localedge.cli.run", "from click import secho", "imports click.secho"),
        ("localedge.cli.run", "import sys\nsys.stdout.write('here')", "writes to sys.stdout"),
        ("localedge.cli.run", "\n" * 401, "401 lines, at most 400"),
    ],
)
def test_a_breach_is_seen(module: str, source: str, breach: str) -> None:
    """Each thing that is not allowed is noticed, and named with its line."""
    found = breaches(module, source)
    assert any(breach in one for one in found), found


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("localedge.config", "from localedge import __version__"),
        ("localedge.http.guard", "from . import head"),
        ("localedge.http.parser", "import httptools\nfrom localedge.config import Limits"),
        ("localedge.edge.service", "def make():\n  from twisted.internet import reactor\n  return reactor"),
        ("localedge.edge.wire", "def f(t):\n  return t._tempDataBuffer"),
        (
            "localedge.edge.agent",
            "class A:\n  def f(self):\n    return self._x, super()._x, type(self).__name__",
        ),
        (
            "localedge.config",
            """
            class Secret:
                __slots__ = ("_value",)
                def __init__(self, value):
                    self._value = value
                def __eq__(self, other):
                    return other._value == self._value
            """,
        ),
        ("localedge.settings", "def f(row):\n  return row._replace(key='x')"),
        ("localedge.cli.output", "print('here')"),
        ("localedge.cli.run", "import sys\nsys.exit(0)"),
        ("localedge.cli.run", "\n" * 400),
    ],
)
def test_what_is_allowed_passes(module: str, source: str) -> None:
    """The rules do not cry wolf: own privates, late imports of the reactor and the named exceptions pass."""
    assert breaches(module, textwrap.dedent(source)) == []


def test_a_module_without_a_floor_is_refused() -> None:
    """A new package must be given its place before it can land."""
    with pytest.raises(LookupError, match=r"localedge\.utils stands on no floor"):
        breaches("localedge.utils", "")
