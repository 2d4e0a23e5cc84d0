"""The certificate stores of Windows, through crypt32.

Documented at learn.microsoft.com/windows/win32/api/wincrypt.  What matters here:

- The system store Root of a user is a collection: it shows the machine's certificates too.  Which of the two
  a certificate lies in is told by CERT_ACCESS_STATE_PROP_ID.
- CertEnumCertificatesInStore frees the context it is given; CertDeleteCertificateFromStore frees the
  context even if it fails.  So a match is duplicated, and deleted after the walk.
- A change is on disk after CertControlStore with CERT_STORE_CTRL_COMMIT.
- Windows shows its user a dialog when something is added to or deleted from the user's own Root.  The call
  waits for the answer; No is ERROR_CANCELLED.

Every function raises OSError, with `winerror` and the text of Windows.  Run under Wine; untried on a real
Windows, where alone the dialog is to be seen.
"""

import ctypes
import enum
import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

ROOT = "Root"
DISALLOWED = "Disallowed"

ACCESS_DENIED = 5
CANCELLED = 1223

_PROVIDER_SYSTEM_W = 10
_STORE_READ_ONLY = 0x8000
_ENCODING = 0x1 | 0x10000  # X509_ASN_ENCODING | PKCS_7_ASN_ENCODING
_ADD_NEW = 1
_COMMIT = 3  # CERT_STORE_CTRL_COMMIT
_ACCESS_STATE = 14  # CERT_ACCESS_STATE_PROP_ID
_IN_MACHINE, _IN_POLICY = 0x4, 0x8  # CERT_ACCESS_STATE_LM_SYSTEM_STORE_FLAG, ..._GP_...
_NAME_ATTRIBUTE = 3  # CERT_NAME_ATTR_TYPE
_COMMON_NAME = b"2.5.4.3"
_EXISTS = 0x80092005  # CRYPT_E_EXISTS
_NO_SUCH_FILE = 2


class Location(enum.IntEnum):
    """Whose stores."""

    CURRENT_USER = 0x10000
    LOCAL_MACHINE = 0x20000


class Found(NamedTuple):
    """A certificate in a store."""

    der: bytes
    name: str
    """The subject's common name; empty if it has none."""
    inherited: bool
    """It lies elsewhere (in the machine's store, in a group policy) and is only shown here."""


def listed(location: Location, store: str = ROOT) -> list[Found]:
    """Every certificate of a store, nothing if there is no such store."""
    try:
        with _opened(location, store, _STORE_READ_ONLY) as handle:
            return [
                Found(_der(context), _name(context), _inherited(location, context))
                for context in _walk(handle)
            ]
    except OSError as error:
        if number(error) == _NO_SUCH_FILE:
            return []
        raise


def add(der: bytes, location: Location, store: str = ROOT) -> None:
    """Add a certificate.  One that is there already, byte for byte, stays as it is."""
    api = _api()
    with _opened(location, store) as handle:
        if any(_der(context) == der for context in _walk(handle)):
            return
        # No out-context: it would have to be freed, and nobody needs it.
        if not api.CertAddEncodedCertificateToStore(handle, _ENCODING, der, len(der), _ADD_NEW, None):
            error = _error()
            if number(error) != _EXISTS:
                raise error
        _commit(handle)


def delete(der: bytes, location: Location, store: str = ROOT) -> int:
    """Delete a certificate from the store itself; returns how often it was there.

    A copy of the machine that the user's store only shows is left alone.
    """
    api = _api()
    with _opened(location, store) as handle:
        found = [
            api.CertDuplicateCertificateContext(context)
            for context in _walk(handle)
            if _der(context) == der and not _inherited(location, context)
        ]
        count = len(found)
        try:
            while found:
                if not api.CertDeleteCertificateFromStore(found.pop()):
                    raise _error()
        finally:
            for context in found:
                api.CertFreeCertificateContext(context)
        if count:
            _commit(handle)
    return count


def number(error: OSError) -> int:
    """The Windows error number, without the wrapping of an HRESULT made from one; 0 if there is none."""
    code = (getattr(error, "winerror", None) or 0) & 0xFFFFFFFF
    return code & 0xFFFF if code >> 16 == 0x8007 else code


class _Context(ctypes.Structure):
    """CERT_CONTEXT."""

    _fields_ = (
        ("encoding", ctypes.c_uint32),
        ("encoded", ctypes.c_void_p),
        ("length", ctypes.c_uint32),
        ("info", ctypes.c_void_p),
        ("store", ctypes.c_void_p),
    )


_Pointer = Any
"""A PCCERT_CONTEXT: ctypes makes its class."""

_FLAG, _SIZE, _ADDRESS, _BYTES, _CONTEXT = (
    ctypes.c_int,
    ctypes.c_uint32,
    ctypes.c_void_p,
    ctypes.c_char_p,
    ctypes.POINTER(_Context),
)
# What each returns, then what it takes.
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "CertOpenStore": (_ADDRESS, _ADDRESS, _SIZE, _ADDRESS, _SIZE, ctypes.c_wchar_p),
    "CertCloseStore": (_FLAG, _ADDRESS, _SIZE),
    "CertControlStore": (_FLAG, _ADDRESS, _SIZE, _SIZE, _ADDRESS),
    "CertEnumCertificatesInStore": (_CONTEXT, _ADDRESS, _CONTEXT),
    "CertDuplicateCertificateContext": (_CONTEXT, _CONTEXT),
    "CertFreeCertificateContext": (_FLAG, _CONTEXT),
    "CertDeleteCertificateFromStore": (_FLAG, _CONTEXT),
    "CertAddEncodedCertificateToStore": (_FLAG, _ADDRESS, _SIZE, _BYTES, _SIZE, _SIZE, _ADDRESS),
    "CertGetCertificateContextProperty": (_FLAG, _CONTEXT, _SIZE, _ADDRESS, ctypes.POINTER(_SIZE)),
    "CertGetNameStringW": (_SIZE, _CONTEXT, _SIZE, _SIZE, _BYTES, ctypes.c_wchar_p, _SIZE),
}


@functools.cache
def _api() -> ctypes.CDLL:
    """crypt32 with the types of what is used of it: without them a handle is cut to 32 bits."""
    if sys.platform == "win32":
        library = ctypes.WinDLL("crypt32", use_last_error=True)
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype = result
            function.argtypes = arguments
        return library
    else:
        raise OSError("there is no crypt32 here")


def _error() -> OSError:
    """What the last call failed with."""
    if sys.platform == "win32":
        code = ctypes.get_last_error()
        return OSError(None, ctypes.FormatError(code).strip(), None, code)
    else:
        return OSError()


@contextmanager
def _opened(location: Location, store: str, flags: int = 0) -> Iterator[int]:
    api = _api()
    handle = api.CertOpenStore(_PROVIDER_SYSTEM_W, 0, None, location | flags, store)
    if not handle:
        raise _error()
    try:
        yield handle
    except BaseException:
        api.CertCloseStore(handle, 0)
        raise
    if not api.CertCloseStore(handle, 0):
        raise _error()


def _walk(handle: int) -> Iterator[_Pointer]:
    """Each context of a store, good until the next is asked for."""
    api = _api()
    context = api.CertEnumCertificatesInStore(handle, None)
    while context:
        try:
            yield context
        except GeneratorExit:
            api.CertFreeCertificateContext(context)
            raise
        context = api.CertEnumCertificatesInStore(handle, context)


def _commit(handle: int) -> None:
    if not _api().CertControlStore(handle, 0, _COMMIT, None):
        raise _error()


def _der(context: _Pointer) -> bytes:
    return ctypes.string_at(context.contents.encoded, context.contents.length)


def _inherited(location: Location, context: _Pointer) -> bool:
    """Is it only shown here?  Where the system does not tell, it counts as lying here."""
    state, size = ctypes.c_uint32(0), ctypes.c_uint32(4)
    told = _api().CertGetCertificateContextProperty(
        context, _ACCESS_STATE, ctypes.byref(state), ctypes.byref(size)
    )
    elsewhere = _IN_POLICY | _IN_MACHINE if location is Location.CURRENT_USER else _IN_POLICY
    return bool(told and state.value & elsewhere)


def _name(context: _Pointer) -> str:
    ask: Callable[..., int] = _api().CertGetNameStringW
    length = ask(context, _NAME_ATTRIBUTE, 0, _COMMON_NAME, None, 0)
    text = ctypes.create_unicode_buffer(length)
    ask(context, _NAME_ATTRIBUTE, 0, _COMMON_NAME, text, length)
    return text.value
