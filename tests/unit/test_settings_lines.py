"""The line of a key in a TOML text."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.settings.lines import line_of

TEXT = '''# comment
lang = "en"
note = """
port = 1
"""
[listen] # the listener
host = "127.0.0.1"
  port=18080
"client_token" = 'x'

[ gateway ]
url = "http://gw" # """ in a comment? no: after a value
limits.deep.key = 1
[limits]
first_byte = "5m"
inline = { a = 1, b = 2 }
list = [
  "one",
]
last = 1
'''.replace(' # """ in a comment? no: after a value', "")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("lang", 2),
        ("listen", 6),
        ("listen.host", 7),
        ("listen.port", 8),
        ("listen.client_token", 9),
        ("gateway", 11),
        ("gateway.url", 12),
        ("gateway.limits.deep.key", 13),
        ("limits.first_byte", 15),
        ("limits.inline.b", 16),
        ("limits.list", 17),
        ("limits.last", 20),
        ("port", None),
        ("nowhere", None),
    ],
)
def test_a_key_is_found_on_its_line(path: str, line: int | None) -> None:
    """Sections, dotted and quoted keys, inline tables and long strings do not confuse the search."""
    assert line_of(TEXT, tuple(path.split("."))) == line


@pytest.mark.parametrize(("key", "line"), [("gatway", 1), ("a", 3), ("a.b", 3)])
def test_a_table_is_found_by_what_stands_in_it(key: str, line: int) -> None:
    """A table that only dotted keys or headers of sub-tables make has the line of the first of them."""
    text = 'gatway.url = "http://x"\n\n[a.b]\nc = 1\n[a.d]\n'
    assert line_of(text, tuple(key.split("."))) == line


WORD = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)


@given(st.dictionaries(WORD, st.dictionaries(WORD, st.integers(), min_size=1, max_size=4), max_size=4))
def test_every_key_of_a_plain_file_is_found(tree: dict[str, dict[str, Any]]) -> None:
    """Whatever the sections and keys are called, the line that is named holds the key."""
    text = "".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in table.items()) + "\n"
        for section, table in tree.items()
    )
    assert tomllib.loads(text) == tree
    for section, table in tree.items():
        for key, value in table.items():
            line = line_of(text, (section, key))
            assert line is not None
            assert text.splitlines()[line - 1] == f"{key} = {value}"
