"""The command line.  One module per command, loaded only when it is the one that is called."""

from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status, see `calling.call`.

    Nothing of weight is imported before this: Ctrl-C at any time ends it without a traceback.
    """
    try:
        from .calling import call

        return call(argv)
    except KeyboardInterrupt:
        return 130
