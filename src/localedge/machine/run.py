"""The one place that runs other programs."""

from collections.abc import Sequence


def output(argv: Sequence[str], seconds: float = 5.0) -> str:
    """What a program prints, nothing if it is missing, fails or takes longer than `seconds`.

    No shell is involved.
    """
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - fixed words and numbers, no shell
            argv, capture_output=True, timeout=seconds, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")
