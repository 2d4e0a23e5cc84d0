"""The demo gateway's directives: what a person may type, and what is said about mistakes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localedge.claude import script
from localedge.claude.script import Cut, CutUnit, Early, Framing, Script, ScriptError

NAMES = [
    "first", "gap", "events", "cut", "status", "retry-after", "size", "early", "trailers", "1xx", "continue",
    "length", "chunked", "close", "garbage", "redirect", "hang", "header",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Script()),
        (" ; ;", Script()),
        ("first=2s; gap=50ms", Script(first=2.0, gap=0.05)),
        ("first=1.5", Script(first=1.5)),
        ("FIRST = 1m", Script(first=60.0)),
        ("events=20", Script(events=20)),
        ("cut=start", Script(cut=Cut(CutUnit.NOTHING))),
        ("cut=3", Script(cut=Cut(CutUnit.EVENTS, 3))),
        ("cut=3:rst", Script(cut=Cut(CutUnit.EVENTS, 3, reset=True))),
        ("cut=100B:fin", Script(cut=Cut(CutUnit.BYTES, 100))),
        ("cut=1MiB", Script(cut=Cut(CutUnit.BYTES, 1024**2))),
        ("status=429;retry-after=5", Script(status=429, retry_after=5)),
        ("size=256MB", Script(size=256_000_000)),
        ("early", Script(early=Early.READ_ON)),
        ("early=close", Script(early=Early.CLOSE)),
        ("trailers; chunked", Script(trailers=True, framing=Framing.CHUNKED)),
        ("1xx=103; 1xx=102", Script(interim=(103, 102))),
        ("continue=never", Script(send_continue=None)),
        ("continue=late", Script(send_continue=script.LATE)),
        ("continue=now", Script(send_continue=0.0)),
        ("continue=20ms", Script(send_continue=0.02)),
        ("close", Script(framing=Framing.CLOSE)),
        ("length", Script(framing=Framing.LENGTH)),
        ("garbage", Script(garbage=True)),
        ("redirect=https://example.com/a?b=c", Script(redirect="https://example.com/a?b=c")),
        ("hang", Script(hang=-1)),
        ("hang=3", Script(hang=3)),
        ("header=X-A: b c; header=X-A:d", Script(headers=(("X-A", "b c"), ("X-A", "d")))),
    ],
)
def test_a_script_is_understood(text: str, expected: Script) -> None:
    """Each directive says what it says, with units, in any case and with any white space around."""
    assert script.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("first", "first=2s"),
        ("first=-1s", "first=2s"),
        ("first=nan", "first=2s"),
        ("gap=2h", "gap=50ms"),
        ("events=1000000", "at most 100000"),
        ("cut", "cut=start"),
        ("cut=3:later", "cut=start"),
        ("status=200", "status=429"),
        ("status=٤٢٩", "status=429"),
        ("size=12", "size=256MB"),
        ("size=9999999GB", "size=256MB"),
        ("early=soon", "early=close"),
        ("trailers=1", "write trailers"),
        ("1xx=200", "1xx=103"),
        ("continue=maybe", "continue=late"),
        ("length=5", "write length"),
        ("redirect=", "redirect=https"),
        ("redirect=a\tb", "redirect=https"),
        ("header=no colon", "header=X-Name: value"),
        ("header=Content-Length: 5", "not a framing field"),
        ("header=X: 中", "header=X-Name: value"),
    ],
)
def test_a_wrong_value_is_named_with_its_form(text: str, named: str) -> None:
    """A value that is not understood is quoted, and the sentence shows how to write it."""
    with pytest.raises(ScriptError, match="is not understood") as caught:
        script.parse(text)
    assert named in str(caught.value)


def test_an_unknown_directive_is_named_with_all_that_are_allowed() -> None:
    """An unknown directive is quoted, the nearest one offered, and every allowed one listed."""
    with pytest.raises(ScriptError) as caught:
        script.parse("frist=2s")
    said = str(caught.value)
    assert "'frist'" in said
    assert "Did you mean 'first'?" in said
    for name in NAMES:
        assert name in said


@pytest.mark.parametrize("text", ["first=1s; first=2s", "length; chunked", "close;close"])
def test_a_contradiction_is_a_mistake(text: str) -> None:
    """A directive given twice, or two ways to frame the body, is refused rather than half obeyed."""
    with pytest.raises(ScriptError, match="keep one"):
        script.parse(text)


@given(st.text())
@example("cut=" + "9" * 40 + "B")
@example("first=" + "9" * 400)
@example("=;=;==")
@example("x" * 5000)
def test_no_text_raises_anything_else(text: str) -> None:
    """Whatever is typed, there is a script or a sentence about the mistake."""
    try:
        said = ""
        assert isinstance(script.parse(text), Script)
    except ScriptError as mistake:
        said = str(mistake)
    assert said == "" or said.endswith(".")


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.none() | st.text(max_size=12)), max_size=5))
def test_no_value_raises_anything_else(directives: list[tuple[str, str | None]]) -> None:
    """Known directives with any values at all give a script or a sentence, too."""
    text = ";".join(name if value is None else f"{name}={value}" for name, value in directives)
    try:
        parsed = script.parse(text)
    except ScriptError:
        return
    assert parsed.first >= 0
    assert all(name.isascii() and "\n" not in value for name, value in parsed.headers)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("demo: cut=3", "cut=3"),
        ("Hello.\n  Demo: first=1s \nBye.", "first=1s"),
        ("demo:", ""),
        ("please fix the demo: it is broken", None),
        ("", None),
    ],
)
def test_a_script_in_the_users_text_is_a_line_of_its_own(text: str, expected: str | None) -> None:
    """In a chat a line that begins with `demo:` is a script; the word inside a sentence is not."""
    assert script.in_text(text) == expected
