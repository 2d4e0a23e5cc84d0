"""Windows' own DNS client, asked past the hosts file (DnsQuery_W, windns.h)."""

import sys

if sys.platform == "win32":
    import ctypes
    import ipaddress
    from ctypes import wintypes

    _A, _AAAA = 1, 28
    # not from the cache, which is filled from the hosts file too
    _OPTIONS = 0x8 | 0x40  # DNS_QUERY_BYPASS_CACHE | DNS_QUERY_NO_HOSTS_FILE
    _FREE_LIST = 1  # DnsFreeRecordList
    _NAME_ERROR, _NO_RECORDS = 9003, 9501  # DNS_ERROR_RCODE_NAME_ERROR, DNS_INFO_NO_RECORDS

    class _Record(ctypes.Structure):
        _fields_ = (
            ("next", ctypes.c_void_p),
            ("name", ctypes.c_void_p),
            ("type", wintypes.WORD),
            ("length", wintypes.WORD),
            ("flags", wintypes.DWORD),
            ("ttl", wintypes.DWORD),
            ("reserved", wintypes.DWORD),
            ("data", ctypes.c_ubyte * 16),
        )

    def query(name: str) -> tuple[tuple[str, ...], float]:
        """Addresses, and the seconds they are good for.  Blocks.  Raises LookupError."""
        addresses: list[str] = []
        ttls = [300.0]
        problem = _NO_RECORDS
        for kind in (_A, _AAAA):
            status = _query(name, kind, addresses, ttls)
            if status not in (0, _NO_RECORDS):
                problem = status
        if not addresses and problem == _NAME_ERROR:
            raise LookupError("they do not know the name")
        if not addresses and problem != _NO_RECORDS:
            raise LookupError(f"Windows error {problem}")
        return tuple(dict.fromkeys(addresses)), min(ttls)

    def _query(name: str, kind: int, addresses: list[str], ttls: list[float]) -> int:
        library = ctypes.WinDLL("dnsapi")
        library.DnsQuery_W.argtypes = (
            wintypes.LPCWSTR,
            wintypes.WORD,
            wintypes.DWORD,
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
            ctypes.c_void_p,
        )
        library.DnsQuery_W.restype = wintypes.LONG
        library.DnsFree.argtypes = (ctypes.c_void_p, ctypes.c_int)
        library.DnsFree.restype = None
        first = ctypes.c_void_p()
        status: int = library.DnsQuery_W(name, kind, _OPTIONS, None, ctypes.byref(first), None)
        try:
            at = first.value
            while at:
                record = _Record.from_address(at)
                if record.type == kind:
                    size = 4 if kind == _A else 16
                    addresses.append(str(ipaddress.ip_address(bytes(record.data[:size]))))
                    ttls.append(float(record.ttl))
                at = record.next
        finally:
            if first.value:
                library.DnsFree(first, _FREE_LIST)
        return status
