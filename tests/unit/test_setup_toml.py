"""One key of a TOML text is changed, and not a byte besides."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.machine.toml_edit import with_key
from localedge.settings.sample import text as sample

NEW = "http://new.example:8000"


def edited(text: str, value: str | None = NEW) -> str | None:
    """With another gateway."""
    return with_key(text, "gateway", "url", value)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[gateway]\nurl = "NEW"\n'),
        ("# mine", '# mine\n\n[gateway]\nurl = "NEW"\n'),
        ("[gateway]", '[gateway]\nurl = "NEW"\n'),
        ("[ gateway ] # here\nx = 1\n", '[ gateway ] # here\nurl = "NEW"\nx = 1\n'),
        ('[gateway]\nurl="a" # why\n', '[gateway]\nurl="NEW" # why\n'),
        ("[gateway]\r\nurl = 'a'\r\n", '[gateway]\r\nurl = "NEW"\r\n'),
        ("[log]\r\nx=1\r\n", '[log]\r\nx=1\r\n\r\n[gateway]\r\nurl = "NEW"\r\n'),
        ('gateway.url = "a"\n[log]\n', 'gateway.url = "NEW"\n[log]\n'),
        ("gateway.insecure = true\n[log]\n", 'gateway.url = "NEW"\ngateway.insecure = true\n[log]\n'),
        ("gateway = {}\n", 'gateway = {url = "NEW"}\n'),
        ("gateway = { insecure = true }\n", 'gateway = { url = "NEW", insecure = true }\n'),
        ("gateway = { a = 1, url = 'b' }\n", 'gateway = { a = 1, url = "NEW" }\n'),
        ("[\"gateway\"]\n'url' = 5\n", '["gateway"]\n\'url\' = "NEW"\n'),
        ('[gateway]\nurl = """\na"""\n', '[gateway]\nurl = "NEW"\n'),
        ('[log]\nurl = "a"\n[gateway]\nurl = "a"\n', '[log]\nurl = "a"\n[gateway]\nurl = "NEW"\n'),
        (
            "# url = 'a'\n[gateway]\nbase_url = 'a'\nurl = 'a'",
            "# url = 'a'\n[gateway]\nbase_url = 'a'\nurl = \"NEW\"",
        ),
    ],
)
def test_a_new_value(before: str, after: str) -> None:
    """Comments, order, quotes and line ends of everything else stay as they are."""
    assert edited(before) == after.replace("NEW", NEW)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("[gateway]\n", "[gateway]\n"),
        ('[gateway]\nurl = "a" # why\n', '[gateway]\n# url = "a" # why\n'),
        ('gateway.url = "a"\n', '# gateway.url = "a"\n'),
        ("gateway = {url = 'a', b = 1}", "gateway = {b = 1}"),
        ("gateway = {b = 1, url = 'a'}", "gateway = {b = 1}"),
        ("gateway = {url = 'a'}", "gateway = {}"),
    ],
)
def test_without_the_key(before: str, after: str) -> None:
    """The line stays as a comment, for whoever wrote it."""
    assert edited(before, None) == after


def test_what_only_looks_like_it() -> None:
    """A section inside a string of many lines is no section."""
    before = "[log]\nlevel = '''\n[gateway]\nurl = \"a\"\n'''\n"
    assert edited(before) == f'{before}\n[gateway]\nurl = "{NEW}"\n'


def test_nothing_to_do() -> None:
    """A text that says so already stays as it is."""
    before = f"[gateway]\nurl='{NEW}' # mine\n"
    assert edited(before) == before


@pytest.mark.parametrize("before", ["gateway = 5\n", "[[gateway]]\nx = 1\n"])
def test_a_shape_that_cannot_be_edited(before: str) -> None:
    """Where no way is found, nothing is guessed."""
    assert edited(before) is None


def test_the_sample() -> None:
    """The file that setup makes is the commented sample with one line more."""
    for lang in ("en", "zh"):
        found = edited(sample(lang))
        assert found is not None and len(found.splitlines()) == len(sample(lang).splitlines()) + 1
        assert tomllib.loads(found) == {**tomllib.loads(sample(lang)), "gateway": {"url": NEW}}


_NAMES = st.sampled_from(["url", "gateway", "log", "insecure", "a"])
_VALUES = st.sampled_from(
    ['"a"', "'url = 1'", "1", "true", '"[gateway]"', '["url", "x"]', '"""\nurl = 3\n"""']
)
_LINES = st.one_of(
    st.tuples(_NAMES, _VALUES).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    _NAMES.map(lambda name: f"[{name}]"),
    st.sampled_from(
        ["", "# url = 1", "gateway.url = 'x'", "gateway = {url = 'x', b = 2} # c", "[gateway.more]"]
    ),
)


def test_a_comment_swallows_nothing() -> None:
    """A line behind a comment that looks like the key stays a line of its own."""
    assert edited('# url = 1\ngateway = "a"\n', None) == '# url = 1\ngateway = "a"\n'
    assert edited("# url = 1\ngateway.url = 'x'\n", None) == "# url = 1\n# gateway.url = 'x'\n"


@given(st.lists(_LINES, max_size=8), st.sampled_from(["\n", "\r\n"]), st.sampled_from([NEW, None]))
def test_only_the_key_changes(lines: list[str], end: str, value: str | None) -> None:
    """Whatever the file is like: afterwards it means the same but for this key, or it was left alone."""
    text = end.join(lines)
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    found = edited(text, value)
    if found is None:
        return
    after = tomllib.loads(found)
    held = after.pop("gateway", {})
    was = before.pop("gateway", {})
    assert after == before
    if not isinstance(was, dict):
        assert value is None and found == text
        return
    assert held.pop("url", None) == value
    assert held == {name: one for name, one in was.items() if name != "url"}
