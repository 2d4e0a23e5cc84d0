"""Whether somebody sits at standard input."""

import sys


def at_terminal() -> bool:
    """Whether a question would be seen and could be answered."""
    try:
        return sys.stdin is not None and sys.stdin.isatty() and _is_console(sys.stdin.fileno())
    except (ValueError, OSError):
        return False  # it is closed


if sys.platform == "win32":

    def _is_console(descriptor: int) -> bool:
        """isatty() says yes to NUL there (learn.microsoft.com/cpp/c-runtime-library/reference/isatty)."""
        import ctypes
        import msvcrt

        mode = ctypes.c_uint32()
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor))
        return bool(ctypes.windll.kernel32.GetConsoleMode(handle, ctypes.byref(mode)))

else:

    def _is_console(_descriptor: int) -> bool:
        return True
