"""Files and directories on Windows that only their user may open: the counterpart of modes 0700 and 0600.

A protected access control list (nothing comes down from above) allows the user and SYSTEM everything, and
nobody else anything.  A directory hands it on to what is made in it, so that a file there is closed from
its first byte.  Lists are written and read as text,
learn.microsoft.com/windows/win32/secauthz/security-descriptor-string-format and .../ace-strings.

Wine keeps such lists only in part: that the calls are made rightly and errors come out as OSError was tried
there; that Windows heeds the list is still to be seen on a real one.
"""

import ctypes
import functools
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE_OBJECT = 1  # SE_FILE_OBJECT
_OWNER, _LIST, _PROTECTED = 0x1, 0x4, 0x80000000  # ..._SECURITY_INFORMATION
_TOKEN_QUERY = 0x8
_TOKEN_USER = 1
_REVISION = 1  # SDDL_REVISION_1

_OWNED = re.compile(r"O:(.+?)(?=[GDS]:|$)")
# (kind;flags;rights;object;inherited object;account), and a condition behind it in some kinds.
_ENTRY = re.compile(r"\(([^;()]*);([^;()]*);([^;()]*);[^;()]*;[^;()]*;([^;()]*)")
_DENIES = {"D", "OD", "XD"}
# They can take any file into their possession anyway: the system and administrators.
_MIGHTY = {"SY", "BA", "S-1-5-18", "S-1-5-32-544"}
# Stand-ins for the owner, who is looked at by himself: OWNER RIGHTS, CREATOR OWNER.
_OWNER_HIMSELF = {"OW", "CO", "S-1-3-4", "S-1-3-0"}


def make_directory(path: Path) -> None:
    """Make a directory that is closed to others from the start.  Raises OSError, as mkdir does."""
    with _descriptor(f"O:{user()}" + _wanted(inherit=True)) as descriptor:
        attributes = _Attributes(ctypes.sizeof(_Attributes), descriptor, 0)
        if not _kernel32().CreateDirectoryW(str(path), ctypes.byref(attributes)):
            raise _error(path)


def protect(path: Path) -> None:
    """Close a file or a directory to others; what is in a directory already keeps its list.  Raises OSError.

    SetFileSecurity sets the list it is given and no other: SetNamedSecurityInfo mixes in what a directory
    above hands down, in Wine in spite of the protection.
    """
    with _descriptor(_wanted(inherit=path.is_dir())) as descriptor:
        if not _advapi32().SetFileSecurityW(str(path), _LIST | _PROTECTED, descriptor):
            raise _error(path)


def others(path: Path) -> list[str]:
    """Who but the user of this process may open a file or directory, or owns it.  Raises OSError."""
    descriptor = ctypes.c_void_p()
    code = _advapi32().GetNamedSecurityInfoW(
        str(path), _FILE_OBJECT, _OWNER | _LIST, None, None, None, None, ctypes.byref(descriptor)
    )
    if code:
        raise _error(path, code)
    try:
        text = _text(descriptor, _OWNER | _LIST)
    finally:
        _kernel32().LocalFree(descriptor)
    return strangers(text, user())


def strangers(descriptor: str, user: str) -> list[str]:
    """Whom a security descriptor in text form lets in besides `user`, the system and administrators.

    Accounts are named as there: a number (SID), or the two letters that stand for some.  No list at all lets
    everybody in (WD), a descriptor without an owner tells nothing and is not trusted (?).  An entry that
    allows something under a condition counts as if it always did.
    """
    known = {user, *_MIGHTY}
    owner = _OWNED.match(descriptor)
    owned_by = owner[1] if owner else "?"
    found = [] if owned_by in known else [owned_by]
    _, listed, entries = descriptor.partition("D:")
    if not listed or entries.startswith("NO_ACCESS_CONTROL"):
        return [*found, "WD"]
    for kind, _, rights, account in _ENTRY.findall(entries):
        if kind not in _DENIES and rights not in {"", "0x0"} and account not in known | _OWNER_HIMSELF:
            found.append(account)
    return list(dict.fromkeys(found))


def mending_command(path: str) -> str:
    """What gives a directory and all in it to the user alone."""
    return f'icacls "{path}" /reset /T & icacls "{path}" /inheritance:r /grant:r "%USERNAME%:(OI)(CI)F"'


@functools.cache
def user() -> str:
    """The user of this process, as security descriptors name him.  Raises OSError."""
    token = ctypes.c_void_p()
    kernel32, advapi32 = _kernel32(), _advapi32()
    if not advapi32.OpenProcessToken(kernel32.GetCurrentProcess(), _TOKEN_QUERY, ctypes.byref(token)):
        raise _error()
    try:
        size = ctypes.c_uint32()
        advapi32.GetTokenInformation(token, _TOKEN_USER, None, 0, ctypes.byref(size))
        about = ctypes.create_string_buffer(size.value)
        if not advapi32.GetTokenInformation(token, _TOKEN_USER, about, size, ctypes.byref(size)):
            raise _error()
    finally:
        kernel32.CloseHandle(token)
    text = ctypes.c_void_p()
    # TOKEN_USER begins with the address of the SID, which lies behind it in the same buffer.
    if not advapi32.ConvertSidToStringSidW(ctypes.c_void_p.from_buffer(about), ctypes.byref(text)):
        raise _error()
    number = _taken(text)
    # There and back again: the built-in Administrator becomes LA, as he does in what is read of a file.
    with _descriptor(f"O:{number}") as descriptor:
        return _text(ctypes.c_void_p(descriptor), _OWNER).removeprefix("O:")


def _wanted(*, inherit: bool) -> str:
    flags = "OICI" if inherit else ""
    return f"D:P(A;{flags};FA;;;{user()})(A;{flags};FA;;;SY)"


class _Attributes(ctypes.Structure):
    """SECURITY_ATTRIBUTES"""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("descriptor", ctypes.c_void_p),
        ("inherited_by_processes", ctypes.c_int),
    )


@contextmanager
def _descriptor(text: str) -> Iterator[int]:
    """The address of a security descriptor made from its text."""
    made = ctypes.c_void_p()
    if not _advapi32().ConvertStringSecurityDescriptorToSecurityDescriptorW(
        text, _REVISION, ctypes.byref(made), None
    ):
        raise _error()
    try:
        yield made.value or 0
    finally:
        _kernel32().LocalFree(made)


def _text(descriptor: ctypes.c_void_p, what: int) -> str:
    """A security descriptor as text."""
    text = ctypes.c_void_p()
    if not _advapi32().ConvertSecurityDescriptorToStringSecurityDescriptorW(
        descriptor, _REVISION, what, ctypes.byref(text), None
    ):
        raise _error()
    return _taken(text)


def _taken(text: ctypes.c_void_p) -> str:
    """A string that Windows allocated for us, given back."""
    try:
        return ctypes.wstring_at(text.value or 0)
    finally:
        _kernel32().LocalFree(text)


def _error(path: Path | None = None, code: int | None = None) -> OSError:
    """What the last call failed with, or `code` where a call returns it."""
    if sys.platform == "win32":
        number = ctypes.get_last_error() if code is None else code
        name = None if path is None else str(path)
        return OSError(None, ctypes.FormatError(number).strip(), name, number)
    else:
        return OSError()


_FLAG, _SIZE, _ADDRESS, _TEXT = ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_wchar_p


@functools.cache
def _kernel32() -> ctypes.CDLL:
    return _bound(
        "kernel32",
        GetCurrentProcess=(_ADDRESS,),
        CloseHandle=(_FLAG, _ADDRESS),
        LocalFree=(_ADDRESS, _ADDRESS),
        CreateDirectoryW=(_FLAG, _TEXT, _ADDRESS),
    )


@functools.cache
def _advapi32() -> ctypes.CDLL:
    address, size = ctypes.POINTER(_ADDRESS), ctypes.POINTER(_SIZE)
    return _bound(
        "advapi32",
        OpenProcessToken=(_FLAG, _ADDRESS, _SIZE, address),
        GetTokenInformation=(_FLAG, _ADDRESS, _FLAG, _ADDRESS, _SIZE, size),
        ConvertSidToStringSidW=(_FLAG, _ADDRESS, address),
        ConvertStringSecurityDescriptorToSecurityDescriptorW=(_FLAG, _TEXT, _SIZE, address, size),
        ConvertSecurityDescriptorToStringSecurityDescriptorW=(_FLAG, _ADDRESS, _SIZE, _SIZE, address, size),
        SetFileSecurityW=(_FLAG, _TEXT, _SIZE, _ADDRESS),
        GetNamedSecurityInfoW=(_SIZE, _TEXT, _FLAG, _SIZE, address, address, address, address, address),
    )


def _bound(library: str, **functions: tuple[object, ...]) -> ctypes.CDLL:
    """A library with the types of what is used of it, results first: an address is longer than an int."""
    if sys.platform == "win32":
        loaded = ctypes.WinDLL(library, use_last_error=True)
        for name, (result, *arguments) in functions.items():
            function = getattr(loaded, name)
            function.restype = result
            function.argtypes = arguments
        return loaded
    else:
        raise OSError(f"there is no {library} here")
