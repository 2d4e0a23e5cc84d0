"""The failures a user gets to see.  Each is a code of the message table with its details."""

from collections.abc import Iterable

from . import messages


class Failure(Exception):
    """Something went wrong that has a sentence of its own.

    `code` is a code of `localedge.messages`, `params` fill in its template.
    Never put a key, a prompt or an answer into `params` (R23).
    """

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params

    def sentence(self, lang: str = "en") -> str:
        """The message in `en` or `zh`."""
        return messages.text(self.code, lang, **self.params)

    @property
    def exit_status(self) -> int:
        """What a command that fails with this exits with."""
        return messages.entry(self.code).exit_status

    def __str__(self) -> str:
        return self.sentence("en")

    def __repr__(self) -> str:
        return f"<Failure {self.code}: {self.sentence('en')}>"


def reason_of(error: OSError) -> str:
    """What the system says is wrong; the kind of error where it says nothing."""
    return error.strerror or type(error).__name__


class Problems(Exception):
    """Several failures found in one go, to be reported together.  Never empty."""

    def __init__(self, failures: Iterable[Failure]) -> None:
        self.failures = tuple(failures)
        assert self.failures, "no problem is no Problems"
        super().__init__(", ".join(failure.code for failure in self.failures))

    @property
    def exit_status(self) -> int:
        """The most serious of them."""
        return max(failure.exit_status for failure in self.failures)

    def __str__(self) -> str:
        return "\n".join(str(failure) for failure in self.failures)
