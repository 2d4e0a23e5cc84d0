"""Which model ids Claude Desktop shows."""

import pytest

from localedge.claude.models import FAMILY, FOREIGN, Model, Verdict, judge
from localedge.claude.profile import model_problems


@pytest.mark.parametrize(
    ("model_id", "verdict", "word"),
    [
        ("claude-opus-4", Verdict.SHOWN, ""),
        ("Claude-Sonnet-4", Verdict.SHOWN, ""),
        ("anthropic/whatever", Verdict.SHOWN, ""),
        ("my-haiku", Verdict.SHOWN, ""),
        ("fable-1", Verdict.SHOWN, ""),
        ("mythos", Verdict.SHOWN, ""),
        ("gpt-5.5", Verdict.FOREIGN, "gpt"),
        ("claude-gpt-x", Verdict.FOREIGN, "gpt"),
        ("CLAUDE-GPT-X", Verdict.FOREIGN, "gpt"),
        ("claude-over-deepseek", Verdict.FOREIGN, "deepseek"),
        ("claude-yi-34b", Verdict.FOREIGN, "yi"),
        ("claude-nova-pro", Verdict.FOREIGN, "nova"),
        ("claude-nova", Verdict.SHOWN, ""),
        ("my-model", Verdict.STRANGE, ""),
        ("", Verdict.NO_ID, ""),
        ("claude opus", Verdict.NO_ID, ""),
        ("claude-\u4e2d", Verdict.NO_ID, ""),
        ("claude-" + "x" * 200, Verdict.NO_ID, ""),
        ("claude\n", Verdict.NO_ID, ""),
    ],
)
def test_the_verdict(model_id: str, verdict: Verdict, word: str) -> None:
    """An id needs a word of the family and must have none of another vendor's."""
    assert judge(model_id) == (verdict, word)


def test_every_word_counts() -> None:
    """Each word of the family is enough, each foreign one is too much."""
    assert all(judge(word).verdict is Verdict.SHOWN for word in FAMILY)
    assert all(judge(f"claude-{word}1").verdict is Verdict.FOREIGN for word in FOREIGN)


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("claude-opus-4", "claude-opus-4"),
        (" claude-opus-4 ", "claude-opus-4"),
        ("claude-opus-4[1m]", {"name": "claude-opus-4", "supports1m": True}),
        ("claude-opus-4[1M]", {"name": "claude-opus-4", "supports1m": True}),
    ],
)
def test_the_long_context(typed: str, entry: object) -> None:
    """`[1m]` behind an id is no part of it: the entry says that the model has the long context."""
    assert Model.of(typed).entry == entry


def test_each_refused_id_is_told() -> None:
    """Every id that the picker would hide has its sentence, with the word that is in the way."""
    names = ["claude-opus-4", "gpt-5.5", "mine", ""]
    found = model_problems(Model.of(name) for name in names)
    assert [one.code for one in found] == [
        "desktop-model-foreign",
        "desktop-model-strange",
        "desktop-model-no-id",
    ]
    assert '"gpt"' in str(found[0]) and "gpt-5.5" in str(found[0])
