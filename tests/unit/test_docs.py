"""The documents say what the program does: commands, flags, versions, rules."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGLISH = ROOT / "README.md"
CHINESE = ROOT / "README.zh-CN.md"

# What http-only traffic over HTTP/1.1 is in scope for: every rule of the data plane so far.
RULES = (
    *(f"R{number:02}" for number in range(1, 9)),
    *(f"R{number}" for number in range(10, 20)),
    *(f"R{number}" for number in range(20, 25)),
    *(f"R{number}" for number in range(30, 37)),
    *(f"R{number}" for number in range(40, 45)),
)


def text(path: Path) -> str:
    """A document, with the line ends a checkout on Windows may have taken away."""
    return path.read_text(encoding="utf-8").replace("\r\n", "\n")


def fenced(path: Path) -> list[str]:
    """The fenced code blocks of a document, in order."""
    return re.findall(r"^```[a-z]*\n(.*?)^```$", text(path), re.MULTILINE | re.DOTALL)


def commands(block: str) -> list[str]:
    """The lines of a block without their comments, which are in the document's language."""
    return [line for one in block.splitlines() if (line := re.sub(r"(^|\s+)#.*", "", one).rstrip())]


def headings(path: Path) -> list[int]:
    """The levels of a document's headings, in order."""
    outside = re.sub(r"^```.*?^```$", "", text(path), flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", outside, re.MULTILINE)]


def test_both_readmes_have_the_same_commands() -> None:
    """Whoever reads the Chinese README gets the same commands and settings as in the English one."""
    assert [commands(block) for block in fenced(CHINESE)] == [commands(block) for block in fenced(ENGLISH)]


def test_both_readmes_have_the_same_sections() -> None:
    """The two READMEs are kept in step: the same headings in the same order, the same figures."""
    assert headings(CHINESE) == headings(ENGLISH)
    figures = re.compile(r"<!-- bench -->.*?<!-- /bench -->", re.DOTALL)
    [english], [chinese] = figures.findall(text(ENGLISH)), figures.findall(text(CHINESE))
    rows = re.compile(r"^\|.*\d.*\|$", re.MULTILINE)
    assert len(rows.findall(chinese)) == len(rows.findall(english))


def test_the_first_two_commands_are_one_line_each() -> None:
    """The first block installs and starts, the second one tests; each can be pasted as it stands."""
    start, tests = fenced(ENGLISH)[:2]
    for block in (start, tests):
        assert block.count("\n") == 1
        assert block.startswith("python3 -m venv .venv"), "pip must not touch the system's Python (PEP 668)"
    assert start.endswith("/bin/localedge run --http-only\n")
    assert tests.endswith("/bin/python -m pytest\n")


def options(*command: str) -> set[str]:
    """The options that `localedge COMMAND --help` names."""
    environment = {**os.environ, "COLUMNS": "200", "PYTHONIOENCODING": "utf-8"}
    line = [sys.executable, "-m", "localedge", *command, "--help"]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", done.stdout))


@pytest.mark.parametrize("readme", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_every_flag_of_run_is_explained(readme: Path) -> None:
    """Each flag that `localedge run --help` shows stands in the README or in docs/."""
    documents = text(readme) + "".join(text(path) for path in sorted(ROOT.glob("docs/*.md")))
    flags = options("run")
    assert "--upstream" in flags
    missing = [flag for flag in sorted(flags) if not re.search(re.escape(flag) + r"(?![\w-])", documents)]
    assert missing == []


def test_every_flag_that_the_readme_shows_exists() -> None:
    """A flag in one of the README's localedge commands is one that the program takes."""
    for block in fenced(ENGLISH):
        for line in commands(block):
            if found := re.search(r"(?:^|[ /\\])localedge (run|demo-gateway)\b(.*)", line):
                assert set(re.findall(r"--[a-z-]+", found[2])) <= options(found[1]), line


def version() -> str:
    """The version in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def test_the_changelog_has_the_version() -> None:
    """What is new in this version stands in the changelog."""
    assert re.search(rf"^## \[{re.escape(version())}\]", text(ROOT / "CHANGELOG.md"), re.MULTILINE)


def test_the_version_is_looked_up_when_asked_for() -> None:
    """`localedge.__version__` is the installed one, and importing localedge does not look it up."""
    code = "import sys, localedge; print('importlib.metadata' in sys.modules, localedge.__version__)"
    # -I -S: nothing that site or a .pth file imports; the package is found by the path given
    import localedge

    assert localedge.__version__ in {version(), "0+uninstalled"}
    path = str(Path(localedge.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {path!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.startswith("False "), done.stdout + done.stderr


def test_unknown_names_of_the_package_are_errors() -> None:
    """Asking localedge for what it does not have fails as it does for any module."""
    import localedge

    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        localedge.nothing  # noqa: B018 - looked up for its error


def named_rules() -> set[str]:
    """The rules that tests name, in their names or docstrings."""
    found: set[str] = set()
    for path in ROOT.glob("tests/**/test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                words = f"{node.name} {ast.get_docstring(node) or ''}"
                found.update(re.findall(r"(?<![A-Za-z])[Rr](\d\d)(?!\d)", words))
    return {f"R{number}" for number in found}


def test_every_rule_has_a_test() -> None:
    """`pytest -k Rnn` finds a test for every rule of the data plane."""
    assert [rule for rule in RULES if rule not in named_rules()] == []
