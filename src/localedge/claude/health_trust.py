"""What is wrong with the trust in the local CA, judged from what was seen of it."""

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from localedge.errors import Failure
from localedge.pki.plan import State
from localedge.settings.layers import clean

from .health import Finding, Rule, Severity, command_line
from .inspectors import inspector

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

RENEW = "renew-leaf"
_TRUST, _TRUST_NEW, _RENEW = "localedge trust-ca", "localedge trust-ca --new", "localedge ca renew"
_UNSET = Rule(Severity.WARNING, "unset {words}", windows="Remove-Item {words}")

RULES: Mapping[str, Rule] = {
    "doctor-https-off": Rule(Severity.NOTE, _TRUST),
    "doctor-trust-good": Rule(Severity.GOOD),
    "doctor-trust-no-store": Rule(Severity.WARNING, "localedge ca export"),
    "doctor-trust-absent": Rule(Severity.WARNING, "{command}"),
    "doctor-trust-not-trusted": Rule(Severity.WARNING, "{command}"),
    "doctor-trust-other": Rule(Severity.WARNING, "{command}"),
    "doctor-trust-slow": Rule(Severity.NOTE, "localedge ca show"),
    "doctor-trust-former": Rule(Severity.WARNING, _TRUST),
    "doctor-trust-left": Rule(Severity.WARNING, "localedge untrust-ca"),
    "doctor-system-rejects": Rule(Severity.WARNING, "{command}"),
    "doctor-certificates-good": Rule(Severity.GOOD),
    "doctor-root-ends": Rule(Severity.WARNING, _TRUST_NEW),
    "doctor-root-names": Rule(Severity.ERROR, _TRUST),
    "doctor-root-file": Rule(Severity.WARNING, _RENEW, fix=RENEW),
    "doctor-leaf-damaged": Rule(Severity.WARNING, _RENEW, fix=RENEW),
    "doctor-leaf-expired": Rule(Severity.WARNING, _RENEW, fix=RENEW),
    "doctor-leaf-due": Rule(Severity.NOTE, _RENEW, fix=RENEW),
    "doctor-leaf-names": Rule(Severity.WARNING, _RENEW, fix=RENEW),
    "doctor-served-good": Rule(Severity.GOOD),
    "doctor-served-inspected": Rule(Severity.ERROR),
    "doctor-served-foreign": Rule(Severity.ERROR),
    "doctor-served-former": Rule(Severity.WARNING),
    "doctor-served-old-leaf": Rule(Severity.WARNING),
    "doctor-served-refused": Rule(Severity.WARNING),
    "doctor-gateway-inspected": Rule(Severity.WARNING),
    "doctor-variable-missing": _UNSET,
    "doctor-variable-unreadable": _UNSET,
    "doctor-variable-not-pem": _UNSET,
    "doctor-variable-without-root": Rule(Severity.WARNING, "{command}"),
    "doctor-node-unverified": _UNSET,
}

_MENDS = {
    "ca-expired": _TRUST,
    **dict.fromkeys(("ca-incomplete", "ca-damaged", "ca-version", "ca-mismatch", "ca-foreign"), _TRUST_NEW),
}
"""What mends an authority that cannot be used."""
_ELSEWHERE = {"ca-loose", "ca-owner", "ca-unreadable", "ca-not-yet-valid"}
"""Told with the permissions of our files, and with the clock."""


@dataclass(frozen=True)
class Store:
    """How the root stands in one trust store."""

    name: str
    state: State
    detail: str = ""
    problem: Failure | None = None
    system: bool = False
    """The system's own, which Claude goes by; not a browser's or a Java's."""


@dataclass(frozen=True)
class Dated:
    """The certificates on disk, of an authority that can be used."""

    root_ends: datetime
    root_days: int
    root_due: bool
    leaf_ends: datetime | None
    """None for one that is missing or damaged."""
    leaf_due: bool = False
    outside: tuple[str, ...] = ()
    """Configured names that the root may not speak for."""
    uncovered: tuple[str, ...] = ()
    """Configured names that the root may speak for and that are not in the leaf."""


class Kind(enum.Enum):
    """Whose certificate a client of the edge is shown."""

    OURS = enum.auto()
    OLD_LEAF = enum.auto()
    """Of the CA in force, though not the one on disk, and the edge had time to follow."""
    FORMER = enum.auto()
    """Of an earlier CA of localedge."""
    FOREIGN = enum.auto()
    REFUSED = enum.auto()
    """None: the name is not served (RFC 6066 unrecognized_name)."""


@dataclass(frozen=True)
class Shown:
    """What a client that asks for a name is shown."""

    name: str
    kind: Kind
    issuer: tuple[str, ...] = ()
    """The texts of the issuer's name, the common name first."""


@dataclass(frozen=True)
class Variable:
    """Variables of the environment that name one file of certificates."""

    names: tuple[str, ...]
    path: str
    fault: str
    """The end of a code: missing, unreadable, not-pem, without-root."""
    reason: str = ""
    command: str = ""


@dataclass(frozen=True)
class Facts:
    """What was seen."""

    now: datetime
    set_up: bool
    """There is a local CA, in whatever state."""
    problem: Failure | None = None
    """Why the local CA cannot be used."""
    options: str = ""
    """What our own commands want behind them: ` --config FILE`, or nothing."""
    root_file: str = ""
    """The file that programs are told to trust, if that is not the root."""
    dated: Dated | None = None
    stores: Sequence[Store] = ()
    earlier: Sequence[str] = ()
    """Stores that have a root of ours that is not in force."""
    shown: Sequence[Shown] = ()
    rejected: tuple[Sequence[str], str, str] | None = None
    """The names that the system's OpenSSL does not accept, why, and the command that mends it."""
    gateway: str = ""
    gateway_issuer: Sequence[str] = ()
    variables: Sequence[Variable] = ()
    unverified: bool = field(default=False)
    """NODE_TLS_REJECT_UNAUTHORIZED=0."""


def judge(facts: Facts, platform: str) -> Iterator[Finding]:
    """The findings."""
    for one in _findings(facts, platform):
        options = facts.options if one.command.startswith("localedge ") else ""
        yield one._replace(command=one.command + options)


def _findings(facts: Facts, platform: str) -> Iterator[Finding]:
    yield from _of_variables(facts, platform)
    yield from _of_gateway(facts, platform)
    if not facts.set_up:
        yield _finding("doctor-https-off", platform)
        if facts.earlier:
            yield _finding("doctor-trust-left", platform, stores=_listed(facts.earlier))
        return
    if facts.problem is not None:
        if facts.problem.code not in _ELSEWHERE:
            yield _as_told(facts.problem, Severity.ERROR, _MENDS.get(facts.problem.code, ""))
        return
    if facts.root_file:
        yield _finding("doctor-root-file", platform, path=facts.root_file)
    if facts.dated is not None:
        yield from _of_certificates(facts.dated, facts, platform)
    yield from _of_stores(facts, platform)
    yield from _of_shown(facts, platform)


def _of_certificates(dated: Dated, facts: Facts, platform: str) -> Iterator[Finding]:
    ends = f"{dated.root_ends:%Y-%m-%d}"
    if dated.root_due:
        yield _finding("doctor-root-ends", platform, date=ends, days=dated.root_days)
    if dated.outside:
        yield _finding("doctor-root-names", platform, names=_listed(dated.outside))
    if any(one.kind in (Kind.OURS, Kind.OLD_LEAF) for one in facts.shown):
        leaf = None  # an edge runs, and sees to it
    else:
        leaf = _leaf_code(dated, facts.now)
    if leaf is not None:
        date = f"{dated.leaf_ends:%Y-%m-%d}" if dated.leaf_ends else ""
        yield _finding(leaf, platform, date=date, names=_listed(dated.uncovered))
    elif not (dated.root_due or dated.outside) and dated.leaf_ends is not None:
        yield _finding(
            "doctor-certificates-good", platform, date=ends, leaf_date=f"{dated.leaf_ends:%Y-%m-%d}"
        )


def _leaf_code(dated: Dated, now: datetime) -> str | None:
    """One line for the leaf: whatever it is, the same mends it."""
    if dated.leaf_ends is None:
        return "doctor-leaf-damaged"
    if dated.leaf_ends <= now:
        return "doctor-leaf-expired"
    if dated.uncovered:
        return "doctor-leaf-names"
    return "doctor-leaf-due" if dated.leaf_due else None


def _of_stores(facts: Facts, platform: str) -> Iterator[Finding]:
    if not facts.stores:
        yield _finding("doctor-trust-no-store", platform)
    absent = [store for store in facts.stores if store.state is State.ABSENT]
    if absent:
        words = ["--store", absent[0].name] if len(absent) == 1 < len(facts.stores) else []
        yield _finding(
            "doctor-trust-absent",
            platform,
            severity=_severity(absent),
            stores=_listed([store.name for store in absent]),
            command=command_line(platform, ["localedge", "trust-ca", *words]),
        )
    for store in facts.stores:
        if (finding := _of_store(store, platform)) is not None:
            yield finding
    if facts.earlier:
        yield _finding("doctor-trust-former", platform, stores=_listed(facts.earlier))
    if facts.rejected is not None:
        names, reason, command = facts.rejected
        yield _finding(
            "doctor-system-rejects", platform, names=_listed(names), reason=reason, command=command
        )
    elif facts.stores and all(store.state is State.TRUSTED for store in facts.stores):
        kinds = dict.fromkeys(store.name.partition(":")[0] for store in facts.stores)
        yield _finding("doctor-trust-good", platform, stores=_listed(list(kinds)))


def _of_store(store: Store, platform: str) -> Finding | None:
    """What a person has to look at in one store."""
    command = command_line(platform, ["localedge", "trust-ca", "--store", store.name])
    match store.state:
        case State.UNKNOWN | State.NOT_TRUSTED if store.problem is not None:
            if store.problem.code == "tool-hangs":
                program = store.problem.params.get("program", "?")
                return _finding("doctor-trust-slow", platform, store=store.name, program=program)
            return _as_told(store.problem, _severity([store]), command)
        case State.NOT_TRUSTED:
            code = "doctor-trust-not-trusted"
        case State.WRONG_FINGERPRINT:
            code = "doctor-trust-other"
        case _:
            return None  # trusted, absent, or expired, which is the authority's own finding
    return _finding(
        code,
        platform,
        severity=_severity([store]),
        store=store.name,
        detail=clean(store.detail),
        command=command,
    )


def _of_shown(facts: Facts, platform: str) -> Iterator[Finding]:
    by_kind: dict[tuple[Kind, tuple[str, ...]], list[str]] = {}
    for one in facts.shown:
        by_kind.setdefault((one.kind, one.issuer if one.kind is Kind.FOREIGN else ()), []).append(one.name)
    outside = facts.dated.outside if facts.dated is not None else ()
    for (kind, issuer), names in by_kind.items():
        match kind:
            case Kind.OURS:
                if len(by_kind) == 1:
                    yield _finding("doctor-served-good", platform, names=_listed(names))
            case Kind.OLD_LEAF:
                yield _finding("doctor-served-old-leaf", platform, names=_listed(names))
            case Kind.FORMER:
                yield _finding("doctor-served-former", platform, names=_listed(names))
            case Kind.REFUSED:
                if refused := [name for name in names if name not in outside]:
                    yield _finding("doctor-served-refused", platform, names=_listed(refused))
            case Kind.FOREIGN:
                product = inspector(issuer)
                code = "doctor-served-foreign" if product is None else "doctor-served-inspected"
                yield _finding(code, platform, names=_listed(names), product=product, issuer=_issuer(issuer))


def _of_gateway(facts: Facts, platform: str) -> Iterator[Finding]:
    if product := inspector(facts.gateway_issuer):
        issuer = _issuer(facts.gateway_issuer)
        yield _finding(
            "doctor-gateway-inspected", platform, gateway=facts.gateway, product=product, issuer=issuer
        )


def _of_variables(facts: Facts, platform: str) -> Iterator[Finding]:
    for one in facts.variables:
        yield _finding(
            f"doctor-variable-{one.fault}",
            platform,
            names=_listed(one.names),
            path=one.path,
            reason=one.reason,
            command=one.command,
            words=unset_words(platform, one.names),
        )
    if facts.unverified:
        name = "NODE_TLS_REJECT_UNAUTHORIZED"
        yield _finding("doctor-node-unverified", platform, name=name, words=unset_words(platform, [name]))


def unset_words(platform: str, names: Sequence[str]) -> str:
    """Variables as `unset`, or PowerShell's Remove-Item, takes them."""
    return ", ".join(f"Env:{name}" for name in names) if platform == "win32" else " ".join(names)


def issuer_names(certificate: "Certificate") -> tuple[str, ...]:
    """The texts of an issuer's name: common name, organization, unit."""
    from cryptography.x509.oid import NameOID

    wanted = (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
    return tuple(str(one.value) for oid in wanted for one in certificate.issuer.get_attributes_for_oid(oid))


def _severity(stores: Sequence[Store]) -> Severity:
    """Claude goes by the system's store; a browser or a Java does not keep it from working."""
    return Severity.ERROR if any(store.system for store in stores) else Severity.WARNING


def _issuer(names: Sequence[str]) -> str:
    """What a certificate says of itself, as one printable line."""
    return clean(", ".join(dict.fromkeys(names[:2]))) or "?"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)


def _as_told(failure: Failure, severity: Severity, command: str = "") -> Finding:
    """A failure that has its own sentence already."""
    return Finding(failure.code, severity, failure.params, command)


def _finding(code: str, platform: str, severity: Severity | None = None, **params: object) -> Finding:
    rule = RULES[code]
    return (rule if severity is None else rule._replace(severity=severity)).finding(code, platform, **params)
