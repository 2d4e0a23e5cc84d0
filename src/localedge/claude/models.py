"""Which model ids Claude Desktop shows in its picker.

Newer builds want a word of the family in an id and refuse one that has another vendor's word anywhere, even
`claude-gpt-x`: such an entry vanishes without a message.  The lists are those seen by integrators.
"""

import enum
import re
from typing import NamedTuple

FAMILY = ("claude", "anthropic", "opus", "sonnet", "haiku", "fable", "mythos")
"""An id has one of these."""

FOREIGN = (
    *("gpt", "openai", "gemini", "gemma", "glm", "grok", "deepseek", "doubao", "kimi", "llama"),
    *("minimax", "mistral", "qwen", "ernie", "phi", "yi-", "nova-"),
)
"""And none of these."""

LONG_CONTEXT = "[1m]"
"""Behind an id: the variant with a context of a million tokens.  Not part of the id on the wire."""

_ID = re.compile(r"[!-~]{1,200}")


class Verdict(enum.StrEnum):
    """What becomes of a model id."""

    SHOWN = "shown"
    FOREIGN = "foreign"
    """It has another vendor's word."""
    STRANGE = "strange"
    """It has no word of the family."""
    NO_ID = "no-id"
    """Empty, too long, or with characters that no id has."""


class Model(NamedTuple):
    """A model for the picker."""

    id: str
    long_context: bool = False

    @classmethod
    def of(cls, typed: str) -> "Model":
        """`id` or `id[1m]`."""
        name = typed.strip()
        if name.lower().endswith(LONG_CONTEXT):
            return cls(name[: -len(LONG_CONTEXT)].rstrip(), long_context=True)
        return cls(name)

    @property
    def entry(self) -> object:
        """The entry of `inferenceModels`: without `supports1m` the context ends at 200,000 tokens."""
        return {"name": self.id, "supports1m": True} if self.long_context else self.id


class Judged(NamedTuple):
    """The verdict, and the vendor's word if there is one."""

    verdict: Verdict
    word: str = ""


def judge(model_id: str) -> Judged:
    """Whether a picker of a newer build shows this id (without `[1m]`).  Older builds show any."""
    if not _ID.fullmatch(model_id):
        return Judged(Verdict.NO_ID)
    name = model_id.lower()
    for word in FOREIGN:
        if word in name:
            return Judged(Verdict.FOREIGN, word.rstrip("-"))
    if not any(word in name for word in FAMILY):
        return Judged(Verdict.STRANGE)
    return Judged(Verdict.SHOWN)
