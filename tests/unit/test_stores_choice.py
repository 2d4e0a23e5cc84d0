"""Which stores a run means: all that need no naming, or those that --store names."""

import pytest

from localedge.cli.trusting import chosen
from localedge.errors import Problems
from localedge.machine.stores import Status, Store, matches
from localedge.pki.plan import Plan, Root, State


class Named:
    """A store that is nothing but its name."""

    def __init__(self, name: str, *, only_if_named: bool = False) -> None:
        self.name = name
        self.only_if_named = only_if_named

    def state(self, root: Root) -> Status:
        """Nothing in it."""
        return Status(State.ABSENT)

    def plan_install(self, root: Root) -> Plan:
        """Nothing to do."""
        return Plan(self.name)

    def plan_remove(self, root: Root) -> Plan:
        """Nothing to do."""
        return Plan(self.name)


STORES: list[Store] = [Named("debian"), Named("nss:/a"), Named("nss:/b"), Named("spare", only_if_named=True)]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], ["debian", "nss:/a", "nss:/b"]),
        (["nss"], ["nss:/a", "nss:/b"]),
        (["nss:/b", "debian"], ["debian", "nss:/b"]),
        (["spare"], ["spare"]),
    ],
)
def test_stores_are_chosen_by_name_or_kind(words: list[str], names: list[str]) -> None:
    """A kind means all of its stores; one that is used only when named is left out otherwise."""
    assert [store.name for store in chosen(STORES, words)] == names


def test_every_word_that_means_nothing_is_told() -> None:
    """All mistakes at once, with the names that there are."""
    with pytest.raises(Problems) as caught:
        chosen(STORES, ["nss:/c", "debian", "java"], ["java:/gone"])
    assert [failure.params["name"] for failure in caught.value.failures] == ["nss:/c"]
    assert caught.value.exit_status == 2 and "java:/gone" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "word", "same"),
    [
        ("nss:/a", "nss", True),
        ("nss:/a", "nss:/a", True),
        ("nss:/a", "nss:/", False),
        ("debian", "deb", False),
    ],
)
def test_a_part_of_a_name_is_no_name(name: str, word: str, same: bool) -> None:
    """Whole names and whole kinds only."""
    assert matches(name, [word]) is same
