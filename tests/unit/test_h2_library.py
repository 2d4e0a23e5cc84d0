"""What is ours of the h2 library: field sections that come again (RFC 7541)."""

from hpack import Decoder, Encoder
from hpack.hpack import encode_integer
from hypothesis import given
from hypothesis import strategies as st

from localedge.config import Limits
from localedge.http import h2_library

FIELDS = [
    (b":method", b"POST"),
    (b":path", b"/v1/messages"),
    (b"accept", b"*/*"),
    (b"content-length", b"17"),
    (b"content-length", b"18"),
    (b"x-long", b"x" * 900),
    (b"x-longer", b"y" * 2900),
]
SECTIONS = st.lists(st.sampled_from(FIELDS), max_size=5)


def literal(name: bytes, value: bytes) -> bytes:
    """A field that the table does not keep (RFC 7541 6.2.2)."""
    sizes = bytes(encode_integer(len(name), 7)), bytes(encode_integer(len(value), 7))
    return b"\0" + sizes[0] + name + sizes[1] + value


@given(st.lists(st.tuples(SECTIONS, SECTIONS, st.sampled_from([None, 0, 100, 4096]), st.integers(1, 3))))
def test_a_section_that_comes_again_says_the_same(
    rounds: list[tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]], int | None, int]],
) -> None:
    """Whatever came between, whatever the table's size: as the library's own decoder reads it."""
    ours, plain, client = h2_library.make_connection(Limits()).decoder, Decoder(), Encoder()
    for fields, kept_out, size, times in rounds:
        if size is not None:
            client.header_table_size = size
        for _ in range(times):
            block = client.encode(fields) + b"".join(literal(*field) for field in kept_out)
            said = plain.decode(block, raw=True)
            assert said == fields + kept_out
            assert list(ours.decode(block, raw=True)) == said


def test_a_section_that_writes_nothing_into_the_table_is_known_again() -> None:
    """It is not even decoded: the answer is the very same one."""
    decoder = h2_library.make_connection(Limits()).decoder
    client = Encoder()
    decoder.decode(client.encode(FIELDS[:3]), raw=True)
    again = client.encode(FIELDS[:3])
    assert decoder.decode(again, raw=True) is decoder.decode(bytes(bytearray(again)), raw=True)
    assert decoder.decode(client.encode(FIELDS[3:]), raw=True) == FIELDS[3:]
    assert decoder.decode(client.encode(FIELDS[:3]), raw=True) == FIELDS[:3]
