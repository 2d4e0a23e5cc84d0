"""Any bytes, cut anywhere: what the readers make of them hangs on the bytes alone."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localedge.config import Limits
from localedge.http.head import RequestHead, ResponseHead
from localedge.http.heads import H, Heads, Known
from tests.reading import read_requests, read_responses
from tests.wire_strategies import in_pieces, requests, responses

SMALL = Limits(head_bytes=120, head_fields=4, target_bytes=24)
METHODS = st.sampled_from([b"GET", b"HEAD", b"POST"])


def _cut_once(data: bytes) -> list[tuple[bytes, list[bytes]]]:
    return [(data, [data[:place], data[place:]]) for place in range(1, len(data))]


@given(in_pieces(requests()))
@example((b"\r\n\x16", [b"\r\n", b"\x16"]))
def test_R01_cutting_a_request_differently_changes_nothing(case: tuple[bytes, list[bytes]]) -> None:
    """The same bytes give the same requests, or the same error, however they arrive; nothing else escapes."""
    data, pieces = case
    assert read_requests(pieces) == read_requests([data])


@given(in_pieces(requests()))
def test_R03_cutting_a_request_that_is_too_large_changes_nothing(case: tuple[bytes, list[bytes]]) -> None:
    """Limits count bytes, not reads."""
    data, pieces = case
    assert read_requests(pieces, SMALL) == read_requests([data], SMALL)


@given(requests())
def test_R01_request_that_came_before_is_read_as_the_first_time(data: bytes) -> None:
    """Heads that are remembered change nothing."""
    heads: Heads[RequestHead] = Heads()
    expected = read_requests([data])
    assert read_requests([data], heads=heads) == expected
    assert read_requests([data], heads=heads) == expected


class Forgetful(Heads[H]):
    """Every head is read as if it had never been there."""

    def keep(self, known: Known[H]) -> None:
        """Do not."""


@given(in_pieces(requests()))
def test_R01_requests_that_repeat_themselves_on_one_connection_are_read_each_for_itself(
    case: tuple[bytes, list[bytes]],
) -> None:
    """However they are cut: the reader that looks for the last head first finds what it would find anyway."""
    _, pieces = case
    assert read_requests(pieces * 3) == read_requests(pieces * 3, heads=Forgetful())


@given(in_pieces(responses()), st.lists(METHODS, min_size=1, max_size=4))
def test_R07_responses_that_repeat_themselves_on_one_connection_are_read_each_for_itself(
    case: tuple[bytes, list[bytes]], methods: list[bytes]
) -> None:
    """Also when the same head answers a HEAD in between, and behind a 101."""
    _, pieces = case
    assert read_responses(pieces * 4, *methods) == read_responses(pieces * 4, *methods, heads=Forgetful())


@given(in_pieces(responses()), METHODS)
def test_R05_cutting_a_response_differently_changes_nothing(
    case: tuple[bytes, list[bytes]], method: bytes
) -> None:
    """The same bytes from the gateway give the same response, or the same error, however they arrive."""
    data, pieces = case
    assert read_responses(pieces, method) == read_responses([data], method)
    assert read_responses(pieces, method, limits=SMALL) == read_responses([data], method, limits=SMALL)


CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@given(responses())
def test_R07_response_that_came_before_is_read_as_the_first_time(data: bytes) -> None:
    """Heads that are remembered change nothing, whatever the method was that they answered."""
    heads: Heads[ResponseHead] = Heads()
    for method in (b"GET", b"HEAD", b"GET", b"POST", b"HEAD"):
        assert read_responses([data], method, heads=heads) == read_responses([data], method)


ODD = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\x01\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\n\r\nhello",
    b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\nHost: lo\ncalhost\r\n\r\nhello",
    b"GET / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nX: \x00\r\n\r\nhello",
    b"\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\n0\r\nA: b\r\nC:\x00\r\n\r\n",
    CHUNKED + b"5\r\nhelloXX",
    CHUNKED + b"5;\x00\r\nhello\r\n",
]


@pytest.mark.parametrize("data", ODD)
def test_R01_one_cut_at_every_place_changes_nothing(data: bytes) -> None:
    """Two faults in one request are told in the same order wherever it is cut."""
    whole = read_requests([data])
    assert {str(read_requests(pieces)) for _, pieces in _cut_once(data)} == {str(whole)}
