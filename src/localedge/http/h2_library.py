"""How the h2 library is set up, and what its errors mean on the wire."""

from collections.abc import Iterable

from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import InvalidBodyLengthError, ProtocolError
from h2.settings import SettingCodes, Settings
from hpack import Decoder, HeaderTuple
from hpack.exceptions import HPACKError
from hpack.table import HeaderTable

from localedge.config import Limits
from localedge.http.h2_frames import ACK, HEAD, SETTINGS

STREAMS = 256
"""Concurrent streams of one connection; one more is refused, which a client may try again."""
STREAM_WINDOW = 256 * 1024
CONNECTION_WINDOW = 16 * 1024 * 1024
"""Uploads that wait for a slow gateway leave room for others."""
TABLE = 4096
"""Bytes of the table that responses are compressed with: the protocol's own default."""

_CONFIG = H2Configuration(
    client_side=False,
    header_encoding=None,
    # checked by `h2_heads`, which makes a stream's error of what the library makes a connection's
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
    # fields come from a gateway whose head was checked
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)


class _Table(HeaderTable):
    """Tells when it has changed."""

    changed = False

    def add(self, name: bytes, value: bytes) -> None:
        """As the library's."""
        self.changed = True
        super().add(name, value)


class _Decoder(Decoder):
    """Knows the last field section again: with the same table the same bytes say the same (RFC 7541 2.2).

    To decode one takes the library longer than it takes us to forward the request.
    """

    header_table: _Table

    def __init__(self) -> None:
        super().__init__()
        self.header_table = _Table()
        self._last = b""
        self._said: list[HeaderTuple] = []

    def decode(self, data: bytes, raw: bool = False) -> Iterable[HeaderTuple]:
        """As the library's; always raw."""
        if data and data == self._last:
            return self._said
        self._last = b""
        self.header_table.changed = b"\x20" <= data[:1] < b"\x40"  # a new size to begin with (6.3)
        self._said = list(super().decode(data, raw=True))
        if not self.header_table.changed:
            self._last = bytes(data)
        return self._said


def make_connection(limits: Limits) -> H2Connection:
    """A server's connection that has its first words ready."""
    conn = H2Connection(_CONFIG)
    conn.decoder = _Decoder()
    conn.local_settings = _settings(STREAMS, limits)
    conn.initiate_connection()
    # More streams than these are refused one by one: the library would end the connection.
    conn.local_settings = _settings(2**31 - 1, limits)
    # So that a head over the limit gets its 431; far over it, the connection ends.
    conn.decoder.max_header_list_size = 4 * limits.head_bytes
    conn.increment_flow_control_window(CONNECTION_WINDOW - 65535)
    return conn


def _settings(streams: int, limits: Limits) -> Settings:
    return Settings(
        client=False,
        initial_values={
            SettingCodes.MAX_CONCURRENT_STREAMS: streams,
            SettingCodes.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
            SettingCodes.MAX_HEADER_LIST_SIZE: limits.head_bytes,
        },
    )


def go_on(conn: H2Connection) -> None:
    """The library stops at a GOAWAY, its own or the client's; streams that run may end (RFC 9113 6.8)."""
    conn.state_machine.state = ConnectionState.SERVER_OPEN


def limit_table(conn: H2Connection) -> None:
    """However large a table the client offers: ours is searched from end to end for every field."""
    conn.encoder.header_table_size = min(conn.encoder.header_table_size, TABLE)


def about_length(error: ProtocolError) -> bool:
    """A Content-Length that is none, or another than the body's: one stream's error (RFC 9113 8.1.1)."""
    return isinstance(error, InvalidBodyLengthError) or "content-length" in str(error)


def error_code(frame: bytes, error: ProtocolError) -> ErrorCodes:
    """What GOAWAY says of a frame that the library refused."""
    code = ErrorCodes(error.error_code)
    if isinstance(error.__cause__, HPACKError) and code is ErrorCodes.PROTOCOL_ERROR:
        return ErrorCodes.COMPRESSION_ERROR  # 4.3
    if len(frame) > HEAD and frame[3] == SETTINGS and frame[4] & ACK:
        return ErrorCodes.FRAME_SIZE_ERROR  # 6.5
    return code
