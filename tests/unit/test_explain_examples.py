"""Errors as people meet them, and what `localedge explain` says first about each."""

import re
from pathlib import Path

import pytest

from localedge.claude.explaining import explain
from localedge.claude.symptoms import Symptom, table

FILE = Path(__file__).with_suffix(".txt")


def examples() -> list[tuple[str, str]]:
    """The cause and the text of each, from the file beside this one."""
    parts = re.split(r"^= (\S+)\n", FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    texts = [re.sub(r"^# .*\n", "", text, flags=re.MULTILINE).strip("\n") for text in parts[1::2]]
    return list(zip(parts[::2], texts, strict=True))


EXAMPLES = examples()


@pytest.mark.parametrize(
    ("code", "text"), EXAMPLES, ids=[f"{code}-{index}" for index, (code, _) in enumerate(EXAMPLES)]
)
def test_an_error_as_people_meet_it_is_explained(code: str, text: str) -> None:
    """The first thing said about a real error is its cause."""
    findings = explain(text)
    assert findings and findings[0].code == code, [(finding.code, finding.seen) for finding in findings]


def test_every_cause_has_an_example() -> None:
    """No entry of the table is there that no real text leads to."""
    assert {symptom.code for symptom in table()} == {code for code, _ in EXAMPLES}


def instance(sign: str) -> str:
    """A text that a pattern is made for."""
    first = re.sub(r"\{([^|}]*)[^}]*\}", r"\1", sign)
    return first.replace(" ... ", " then ").replace("#", "1").replace("*", "abc").upper()


@pytest.mark.parametrize("symptom", table(), ids=lambda symptom: symptom.code)
def test_every_pattern_finds_what_it_is_made_for(symptom: Symptom) -> None:
    """Whatever the letters' case, in a line or alone, a pattern is found, or a plainer cause with it."""
    for sign, _ in symptom.signs:
        for text in (instance(sign), f"2026-11-22 [error] {instance(sign)}\nand so on"):
            codes = [finding.code for finding in explain(text)]
            found = any(code.startswith(symptom.code) for code in codes)
            assert found or (symptom.general and codes), (text, codes)


def test_the_table_is_in_order() -> None:
    """Codes are there once, patterns are in lower case and nowhere twice, sources are addresses."""
    symptoms = table()
    assert len({symptom.code for symptom in symptoms}) == len(symptoms)
    for symptom in symptoms:
        assert 0 < symptom.rank < 100 and symptom.signs
        for sign, source in symptom.signs:
            assert sign == sign.lower()
            assert source == "localedge" or source.startswith("https://")
    signs = [sign for symptom in symptoms for sign, _ in symptom.signs]
    assert len(set(signs)) == len(signs)
