"""The questions of `localedge setup`."""

import io

import pytest

from localedge.cli import check
from localedge.cli.output import Printer
from localedge.cli.setup_asking import Person
from localedge.errors import Failure

CHOICES = {"one": frozenset({"1", "one"}), "two": frozenset({"2"})}


@pytest.fixture
def told() -> io.StringIO:
    """Standard error."""
    return io.StringIO()


@pytest.fixture
def person(told: io.StringIO) -> Person:
    """Somebody to ask."""
    return Person(Printer(io.StringIO(), told), there=True)


def typing(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """What they type, and then the end of the file."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_a_choice(person: Person, told: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter is the recommended one; what is none of the words is asked again."""
    typing(monkeypatch, "", "what?", " TWO ", " ONE ", "2")
    assert person.choice("setup-ask-way", CHOICES, "two") == "two"
    assert person.choice("setup-ask-way", CHOICES, "two") == "one"
    assert told.getvalue().count("That is none of the answers.") == 2
    assert person.choice("setup-ask-way", CHOICES, "one") == "two"


def test_yes_and_no(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """In more languages than one; Enter is yes."""
    typing(monkeypatch, "", "是", "Nein", "y")
    assert [person.yes("setup-ask-better", url="u") for _ in range(4)] == [True, True, False, True]


def test_a_key(person: Person, told: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be a key is asked for again, and not shown; Enter is none; the word stops it here too."""
    lines = iter(["two words", "schlüssel", " sk-one ", "", "Stop"])
    monkeypatch.setattr(check, "typed", lambda _: next(lines))
    key = person.key()
    assert key is not None and key.reveal() == "sk-one"
    assert told.getvalue().count("[check-key-bad]") == 2 and "two words" not in told.getvalue()
    assert person.key() is None
    with pytest.raises(Failure) as raised:
        person.key()
    assert raised.value.code == "setup-stopped"


@pytest.mark.parametrize("word", ["stop", "Quit", "停止", None])
def test_stop(person: Person, monkeypatch: pytest.MonkeyPatch, word: str | None) -> None:
    """A word, or the end of the input, stops it; it says how to go on."""
    typing(monkeypatch, *([] if word is None else [word]))
    with pytest.raises(Failure) as raised:
        person.line("setup-ask-gateway", now="-")
    assert raised.value.code == "setup-stopped" and 'Run "localedge setup" again' in str(raised.value)
