"""A hosts file as text: our block in it, and every other byte left alone."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localedge.errors import Failure
from localedge.machine.hosts_lookup import is_loopback
from localedge.machine.hosts_text import HostsText, Mapping

NAME = "localedge.test"
OURS = [Mapping("127.0.0.1", NAME)]
BLOCK = b"""# localedge: begin
# These names lead to localedge on this machine; "localedge hosts remove" takes them out.
127.0.0.1 localedge.test
# localedge: end
"""
WINDOWS = b"# Copyright (c) 1993-2009 Microsoft Corp.\r\n#\r\n#\t127.0.0.1       localhost\r\n"

ENCODINGS = {
    "utf-8": (b"", "utf-8"),
    "utf-8 with a mark": (b"\xef\xbb\xbf", "utf-8"),
    "utf-16 little-endian": (b"\xff\xfe", "utf-16-le"),
    "utf-16 big-endian": (b"\xfe\xff", "utf-16-be"),
    "gbk": (b"", "gbk"),
}


def added(content: bytes, own: list[Mapping] = OURS) -> bytes:
    """The file with our block."""
    return HostsText.of(content).with_own(own).content()


def removed(content: bytes) -> bytes:
    """The file without it."""
    return HostsText.of(content).with_own(()).content()


def code(content: bytes) -> tuple[str, object]:
    """What is wrong with a file, and in which line."""
    with pytest.raises(Failure) as caught:
        HostsText.of(content, "/etc/hosts")
    assert caught.value.params["path"] == "/etc/hosts"
    return caught.value.code, caught.value.params.get("line")


def test_the_block_stands_at_the_end() -> None:
    """What is added is four lines that say whose they are."""
    assert added(b"127.0.0.1 localhost\n") == b"127.0.0.1 localhost\n" + BLOCK
    assert added(b"") == BLOCK


def test_a_windows_file_gets_windows_line_ends() -> None:
    """Line ends follow those that the file has."""
    assert added(WINDOWS) == WINDOWS + BLOCK.replace(b"\n", b"\r\n")
    assert added(b"a\r\nb\nc\n") == b"a\r\nb\nc\n" + BLOCK
    assert added(b"a\nb\r\n") == b"a\nb\r\n" + BLOCK.replace(b"\n", b"\r\n")


def test_an_empty_file_gets_the_system_s_line_ends() -> None:
    """Where nothing tells, the system's own way is taken."""
    made = HostsText.of(b"").with_own(OURS, "\r\n").content()
    assert made == BLOCK.replace(b"\n", b"\r\n") and removed(made) == b""


@pytest.mark.parametrize("kind", ENCODINGS)
@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_encoding_stays(kind: str, end: str) -> None:
    """The block is written as the rest of the file is, and the rest comes back as it was."""
    mark, codec = ENCODINGS[kind]
    content = mark + ("# 本机\r\n#\r\n10.0.0.1 网关.example printer" + end).encode(codec)
    made = added(content)
    assert made.startswith(content)
    assert f"127.0.0.1 {NAME}\r\n".encode(codec) in made
    assert HostsText.of(made).own == (("127.0.0.1", NAME, 6),)
    assert removed(made) == content


def test_a_second_name_goes_into_the_same_block() -> None:
    """There is one block, whatever is added when; lines behind it stay behind it."""
    more = [*OURS, Mapping("127.0.0.1", "b.test"), Mapping("::1", "b.test")]
    made = added(added(b"x\n") + b"10.0.0.1 y\n", more)
    assert (
        made == b"x\n" + BLOCK.replace(b"test\n#", b"test\n127.0.0.1 b.test\n::1 b.test\n#") + b"10.0.0.1 y\n"
    )
    assert added(made) == b"x\n" + BLOCK + b"10.0.0.1 y\n"
    assert removed(made) == b"x\n10.0.0.1 y\n"


def test_a_last_line_without_an_end_is_without_one_again() -> None:
    """The line end that had to be added goes with the block, unless the line is another one by now."""
    made = added(b"a\nlast")
    assert made.startswith(b"a\nlast\n# localedge: begin (the line above had no end: ")
    assert removed(made) == b"a\nlast"
    assert removed(made.replace(b"a\n", b"A\nB\n")) == b"A\nB\nlast"
    assert removed(made.replace(b"last\n", b"last\nmore\n")) == b"a\nlast\nmore\n"
    assert removed(made + b"more") == b"a\nlast\nmore"
    assert removed(made.replace(b"\n", b"\r\n")) == b"a\r\nlast"
    assert removed(added(b"odd\r")) == b"odd\r"


def test_a_block_without_its_line_end() -> None:
    """An editor may take the file's last line end away."""
    assert removed(b"x\n" + BLOCK.rstrip(b"\n")) == b"x\n"
    assert added(b"x\n" + BLOCK.rstrip(b"\n"), [Mapping("::1", "c.test")]).endswith(
        b"::1 c.test\n# localedge: end"
    )


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"# localedge: begin\n", 1),
        (b"x\n# localedge: end\n", 2),
        (BLOCK + BLOCK, 5),
        (BLOCK + b"# localedge: end\n", 5),
        (b"# localedge: end\n# localedge: begin\n", 1),
        (b"# localedge: begin\n" + BLOCK, 2),
        (b"# localedge: begin here\n# localedge: end\n", 1),
        (b"#localedge: BEGIN\n" + BLOCK, 1),
        (BLOCK.replace(b": end\n", b": end127.0.0.1 appended\n"), 1),
        (BLOCK.replace(b"# localedge: begin", b"# localedge: begin (the line above had no end: x)"), 1),
        (BLOCK[:-9], 1),
    ],
)
def test_markers_that_are_not_one_pair(content: bytes, line: int) -> None:
    """Unbalanced, nested, repeated or damaged markers: nothing is guessed, the first wrong line is told."""
    found, where = code(content)
    assert found == "hosts-block-damaged"
    assert where == line or b"appended" in content


@pytest.mark.parametrize(
    "line", [b"10.0.0.1 mine", b"", b"# note", b"127.0.0.1 a.test b.test", b"127.0.0.1\tlocalhost", b"\xff"]
)
def test_a_foreign_line_in_the_block(line: bytes) -> None:
    """What somebody wrote between the markers would be lost with them: they are told."""
    content = b"x\n" + BLOCK.replace(b"# localedge: end", line + b"\n# localedge: end")
    assert code(content) == ("hosts-block-edited", 5)


@pytest.mark.parametrize(
    "content",
    [
        b"127.0.0.1 localhost\n\0\0\0\0",
        "127.0.0.1 localhost\n".encode("utf-16-le"),
        "127.0.0.1 localhost\n".encode("utf-32"),
        b"\xff\xfea",
        b"\xfe\xff\0",
    ],
)
def test_what_is_no_text(content: bytes) -> None:
    """Zero bytes, UTF-16 without its mark, half a character: the file is left alone."""
    assert code(content)[0] == "hosts-not-text"


def test_a_name_is_found_by_whole_words() -> None:
    """Neither a comment nor a part of another name counts, a final dot or another case does."""
    text = HostsText.of(
        b"# 10.0.0.1 localedge.test\n10.0.0.1 my.localedge.test localedge.test.lan # localedge.test\n"
        b"fe80::1%lo0 localhost\r\n\t10.0.0.2\tx  LocalEdge.Test.\r\n10.0.0.3 localedge.test\n"
    )
    assert text.elsewhere(NAME) == ("10.0.0.2", "LocalEdge.Test.", 4)
    assert text.addresses(NAME) == ["10.0.0.2", "10.0.0.3"]
    assert text.elsewhere("localhost") == ("fe80::1%lo0", "localhost", 3)
    assert text.elsewhere("test") is None and text.elsewhere("edge.test") is None


def test_lines_are_counted_past_the_block() -> None:
    """A line behind our block is told by its place in the file."""
    text = HostsText.of(b"x\n" + BLOCK + b"10.0.0.1 a.test\n")
    assert text.elsewhere("a.test") == ("10.0.0.1", "a.test", 6)
    assert text.elsewhere(NAME) is None
    assert text.addresses(NAME) == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("::1%lo", True),
        ("0.0.0.0", True),
        ("::", True),
        ("::ffff:127.0.0.1", True),
        ("10.0.0.1", False),
        ("fe80::1%lo0", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_what_is_this_machine(address: str, loopback: bool) -> None:
    """All of 127.0.0.0/8, ::1, and the addresses that mean any."""
    assert is_loopback(address) is loopback


lines = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(
        [
            b"127.0.0.1 localhost",
            b"fe80::1%lo0 localhost",
            b"# localedge",
            b"::1\tip6-localhost # x",
            b"\x85\x1c",
        ]
    ),
).map(lambda line: line.replace(b"\n", b"").replace(b"\0", b""))
ends = st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\n"])
files = st.builds(
    lambda mark, parts, last: mark + b"".join(line + end for line, end in parts) + last,
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(lines, ends), max_size=8),
    lines,
)
sixteen = st.builds(
    lambda codec, text: (
        {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}[codec]
        + text.replace("\0", "").encode(codec, "surrogatepass")
    ),
    st.sampled_from(["utf-16-le", "utf-16-be"]),
    st.text(st.characters() | st.characters(categories=["Cs"]) | st.sampled_from("\r\n # "), max_size=60),
)


@given(content=files | sixteen, count=st.integers(1, 4))
@example(content=b"a\r", count=1)
@example(content=b"\xef\xbb\xbf", count=2)
@example(content=b"\xff\xfe", count=1)
def test_what_is_added_can_be_taken_away_without_a_trace(content: bytes, count: int) -> None:
    """Whatever the file is like: adding names one by one and taking them out gives the same bytes."""
    try:
        HostsText.of(content)
    except Failure:
        return
    now = content
    for number in range(1, count + 1):
        names = [Mapping("127.0.0.1", f"n{each}.test") for each in range(number)]
        now = added(now, names)
        assert now.startswith(content)
        assert [one.name for one in HostsText.of(now).own] == [one.name for one in names]
        assert added(now, names) == now
    for number in range(count - 1, 0, -1):
        now = added(now, [Mapping("127.0.0.1", f"n{each}.test") for each in range(number)])
    assert removed(now) == content


plain = st.lists(lines, max_size=5).map(lambda parts: b"\n".join(parts).translate(None, b"\xef\xfe\xff"))


@given(before=plain, behind=plain, in_front=plain)
@example(before=b"x", behind=b"", in_front=b"y")
def test_what_others_write_meanwhile_stays(before: bytes, behind: bytes, in_front: bytes) -> None:
    """Lines that came before or behind our block after it was added are all there when it is gone."""
    try:
        made = added(before)
    except Failure:
        return
    edited = (in_front + b"\n" if in_front else b"") + made + behind
    gone = removed(edited)
    assert gone.startswith(in_front) and gone.endswith(behind)
    kept = gone.removeprefix(in_front + b"\n" if in_front else b"").removesuffix(behind)
    assert kept in (before, before + b"\n", before + b"\r\n")
