"""The command line.  One module per command, loaded only when it is the one that is called."""

import signal
from collections.abc import Sequence
from types import FrameType

_ENDS = ("SIGTERM", "SIGHUP")
"""A window that is closed, a machine that is shut down: locks go, and what is typed is shown again."""


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)  # click would say something to a window that is gone


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status, see `calling.call`.

    Nothing of weight is imported before this: Ctrl-C at any time ends it without a traceback.
    """
    numbers = [getattr(signal, name) for name in _ENDS if hasattr(signal, name)]
    ours = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]  # nohup ignores one
    try:
        for number in ours:
            signal.signal(number, _end)
        from .calling import call

        return call(argv)
    except KeyboardInterrupt:
        return 130
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
