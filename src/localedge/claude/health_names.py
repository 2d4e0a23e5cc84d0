"""Where the names of the HTTPS way in lead, by the hosts file and by the system: facts in, findings out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .health import Rule, Severity

_GOOD, _WARNING, _ERROR = Severity.GOOD, Severity.WARNING, Severity.ERROR
_HOSTS = "localedge hosts show"
_ADD = ("sudo {program} hosts add {words}", "{program} hosts add {words}")

RULES: Mapping[str, Rule] = {
    "doctor-names-lead-here": Rule(_GOOD),
    "doctor-names-unmapped": Rule(_WARNING, *_ADD),
    "doctor-name-elsewhere": Rule(_ERROR, *_ADD),
    "doctor-name-mapped-elsewhere": Rule(_ERROR, "{edit}"),
    "doctor-name-conflict": Rule(_ERROR, "{edit}"),
    "doctor-name-no-effect": Rule(_WARNING, _HOSTS),
    "doctor-name-v6-only": Rule(_WARNING, *_ADD),
    "doctor-name-not-heard": Rule(_ERROR, *_ADD),
    "doctor-name-mapped-aside": Rule(_ERROR, "{edit}"),
    "doctor-hosts-unreadable": Rule(_WARNING, _HOSTS),
    "doctor-hosts-damaged": Rule(_WARNING, _HOSTS),
}


@dataclass(frozen=True, slots=True)
class Name:
    """One name of the HTTPS way in, and where it leads."""

    name: str
    mapped: tuple[tuple[str, int], ...] = ()
    """Addresses and line numbers in the hosts file."""
    found: tuple[str, ...] | None = ()
    """What the system makes of it; None: nobody answered in time."""
    here: frozenset[str] = frozenset()
    """Those of all these addresses that are this machine's loopback."""
    unheard: frozenset[str] = frozenset()
    """Those of IPv4 among them at which the edge does not listen."""
    theirs: int = 0
    """The first line of somebody else's that maps it; 0: none does.  `hosts add` changes no such line."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The hosts file and the names in it."""

    path: str
    trouble: str = ""
    """The code of what is wrong with the file itself."""
    reason: str = ""
    names: tuple[Name, ...] = ()
    program: str = "localedge"
    """How localedge is called with sudo."""
    edit: str = ""
    """What opens the file for whoever may change it."""
    v6: bool = False
    """HTTPS listens at ::1 too."""


_Found = Iterator[tuple[str, Mapping[str, object]]]


def judge(facts: Facts | None) -> _Found:
    """Codes and details; None: HTTPS is not set up."""
    if facts is None:
        return
    if facts.trouble:
        yield facts.trouble, {"path": facts.path, "reason": facts.reason}
    good, missing = [], []
    for one in facts.names:
        problem = _name(one, facts)
        if problem is not None:
            yield problem
        elif one.found and one.here.issuperset(one.found):
            good.append(one.name)
        elif not one.mapped:
            missing.append(one.name)
    if missing:
        details = {"names": ", ".join(missing), "words": " ".join(missing), "program": facts.program}
        yield "doctor-names-unmapped", details
    if good:
        yield "doctor-names-lead-here", {"names": ", ".join(good)}


def _name(one: Name, facts: Facts) -> tuple[str, Mapping[str, object]] | None:
    """What is wrong with where a name leads; None too for one that leads nowhere and is not in the file."""
    found = one.found or ()
    details: dict[str, object] = {
        "name": one.name,
        "path": facts.path,
        "found": ", ".join(found) or "-",
        "words": one.name,
        "program": facts.program,
        "edit": facts.edit,
    }
    away = [(address, line) for address, line in one.mapped if address not in one.here]
    if away:
        address, line = away[0]
        code = "doctor-name-conflict" if len(away) < len(one.mapped) else "doctor-name-mapped-elsewhere"
        return code, {**details, "address": address, "line": line}
    if one.mapped and one.found is not None and not (found and one.here.issuperset(found)):
        return "doctor-name-no-effect", details
    if not one.mapped and found and not one.here.issuperset(found):
        return "doctor-name-elsewhere", details
    unheard = bool(found) and one.unheard.issuperset(found)
    if unheard or (found and not facts.v6 and all(":" in address for address in found)):
        if one.theirs:
            return "doctor-name-mapped-aside", {**details, "line": one.theirs}
        return "doctor-name-not-heard" if unheard else "doctor-name-v6-only", details
    return None
