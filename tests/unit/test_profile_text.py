"""JSON files changed in place: whatever they look like, only what is meant changes."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.claude.json_text import BOM, JsonText, NotJson, WrongShape, fresh

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=6), values, max_size=5)


@st.composite
def written(draw: st.DrawFn, content: st.SearchStrategy[dict[str, Any]] = objects) -> tuple[bytes, Any]:
    """A file, laid out in one of many ways, and what it means."""
    value = draw(content)
    text = json.dumps(
        value,
        indent=draw(st.sampled_from([None, 0, 1, 2, 4, "\t"])),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", "  :\t")])),
        ensure_ascii=True,
    )
    if not draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    text = draw(st.sampled_from(["", " ", "\n\t"])) + text + draw(st.sampled_from(["", "\n", "\r\n\r\n "]))
    return (BOM if draw(st.booleans()) else b"") + text.encode(), value


@given(written(), st.text(max_size=6), values)
def test_a_member_is_set(file: tuple[bytes, Any], key: str, value: Any) -> None:
    """After setting a key the file means the same with that key, and what is outside it is as it was."""
    content, meaning = file
    after = JsonText.read(content).with_member(key, value)
    assert after.value == {**meaning, key: value}
    assert JsonText.read(after.content()).value == after.value
    assert list(after.value) == list({**meaning, key: value}), "the order stays"
    assert json.loads(after.content().decode("utf-8-sig")) == after.value
    assert after.content().startswith(BOM) == content.startswith(BOM)
    if b"\r" not in content:
        assert b"\r" not in after.content()
    tail = content[content.rindex(b"}") :]
    assert after.content().endswith(tail)
    head = content[: content.index(b"{") + 1]
    assert after.content().startswith(head)


@given(written(), st.text(max_size=6), values)
def test_a_new_member_goes_without_a_trace(file: tuple[bytes, Any], key: str, value: Any) -> None:
    """Setting a key and taking it out again gives the file back byte for byte."""
    content, meaning = file
    if key in meaning or not meaning:
        return
    assert JsonText.read(content).with_member(key, value).without_member(key).content() == content


@given(written())
def test_nothing_is_touched_without_need(file: tuple[bytes, Any]) -> None:
    """Setting what is set already, and removing what is not there, changes no byte."""
    content, meaning = file
    text = JsonText.read(content)
    for key, value in meaning.items():
        assert text.with_member(key, value).content() == content
    assert text.without_member("not there").content() == content


@given(written(), st.data())
def test_a_member_is_removed(file: tuple[bytes, Any], data: st.DataObject) -> None:
    """After removing a key the file means the same without it."""
    content, meaning = file
    if not meaning:
        return
    key = data.draw(st.sampled_from(sorted(meaning)))
    after = JsonText.read(JsonText.read(content).without_member(key).content())
    assert after.value == {name: value for name, value in meaning.items() if name != key}


lists = st.fixed_dictionaries({"a": values, "entries": st.lists(values, max_size=4), "z": values})


@given(written(lists), values.map(lambda value: {"ours of all": value}))
def test_an_item_comes_and_goes(file: tuple[bytes, Any], value: Any) -> None:
    """An item is put behind the others of a list; taken out again, the file is what it was."""
    content, meaning = file
    after = JsonText.read(content).with_item("entries", value)
    assert after.value == {**meaning, "entries": [*meaning["entries"], value]}
    back = after.without_items("entries", lambda item: item == value)
    assert back.value == meaning
    if meaning["entries"]:
        assert back.content() == content


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Whatever stands in a file is an object, or one of two errors."""
    try:
        text = JsonText.read(content)
    except (NotJson, WrongShape):
        return
    assert text.content() == content and isinstance(text.value, dict)


@given(written(), st.integers(0, 200))
def test_half_a_file_is_refused(file: tuple[bytes, Any], at: int) -> None:
    """A file that was cut off is never taken for a whole one."""
    content, _ = file
    end = content.rindex(b"}")
    with pytest.raises(NotJson):
        JsonText.read(content[: min(at, end)])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"{}", b'{\n  "k": [\n    1\n  ]\n}'),
        (b"{ }", b'{\n  "k": [\n    1\n  ]\n}'),
        (b'{"a":1}', b'{"a":1,"k":[1]}'),
        (b'{"a": 1, "b": 2}', b'{"a": 1, "b": 2, "k": [1]}'),
        (b'{\n  "a": 1\n}\n', b'{\n  "a": 1,\n  "k": [\n    1\n  ]\n}\n'),
        (b'{\r\n\t"a": 1\r\n}', b'{\r\n\t"a": 1,\r\n\t"k": [\r\n\t\t1\r\n\t]\r\n}'),
        (b'{"k": 1, "k": 2}', b'{"k": 1, "k": [1]}'),
    ],
)
def test_the_neighbours_style_is_kept(before: bytes, after: bytes) -> None:
    """A new key looks like the ones beside it."""
    assert JsonText.read(before).with_member("k", [1]).content().replace(b", \n", b",\n") == after


def test_half_a_surrogate_is_escaped() -> None:
    """Text that UTF-8 cannot carry is written as JSON escapes it."""
    content = JsonText.read(b"{}").with_member("k", "\ud800").content()
    assert b"\\ud800" in content and JsonText.read(content).value == {"k": "\ud800"}
    assert fresh({"k": "\u4e2d"}) == '{\n  "k": "\u4e2d"\n}'.encode()


def test_true_is_not_one() -> None:
    """A number where a flag belongs is replaced."""
    assert JsonText.read(b'{"k": 1}').with_member("k", True).content() == b'{"k": true}'


@pytest.mark.parametrize(("content", "line"), [(b'{\n"a" 1}', 2), (b'{"a":1,\n\n}', 3), (b'{"a":1}\n\nx', 3)])
def test_the_line_of_a_mistake(content: bytes, line: int) -> None:
    """A mistake is told with its line."""
    with pytest.raises(NotJson) as caught:
        JsonText.read(content)
    assert caught.value.line == line
