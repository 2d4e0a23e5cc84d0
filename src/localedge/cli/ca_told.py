"""What `localedge ca show` tells: one value, and the lines made of it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .output import Printer
from .trusting import Scene

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from localedge.machine.journal import Entry
    from localedge.pki.authority import Authority


def as_value(
    scene: Scene, authority: "Authority", entries: "Sequence[Entry]", now: datetime
) -> dict[str, Any]:
    """Everything there is to tell, fit for JSON.  Asks every trust store of the machine."""
    from localedge.pki.authority import permitted, renew_at, root_due

    names, networks = permitted(authority.intermediate)
    leaf = scene.vault.kept_leaf(authority)
    return {
        "directory": str(scene.vault.directory),
        "root_file": str(scene.vault.root_file),
        "names": list(authority.names),
        "missing_names": list(authority.missing(scene.config.https.names)),
        "permitted": {"dns": list(names), "addresses": list(networks)},
        "root": _certificate(authority.root, now),
        "root_due": root_due(authority.root, now),
        "intermediate": _certificate(authority.intermediate, now),
        "leaf": leaf
        and {
            **_certificate(leaf.certificate, now),
            "names": list(leaf.names),
            "renew_at": renew_at(leaf.certificate).isoformat(),
        },
        "stores": _stores(scene, authority, entries),
        "former": [
            {"store": entry.store, "name": entry.root.nick, "fingerprint": entry.root.fingerprint}
            for entry in entries
            if entry.root.fingerprint != _fingerprint(authority.root)
        ],
    }


def as_lines(printer: Printer, value: dict[str, Any]) -> Iterator[str]:
    """The same for people."""
    text = printer.text
    yield text("ca-show-place", path=value["directory"])
    yield text(
        "ca-show-names", names=", ".join([*value["permitted"]["dns"], *value["permitted"]["addresses"]])
    )
    for part in ("root", "intermediate", "leaf"):
        row = value[part]
        if row is None:
            yield text("ca-show-no-leaf")
            continue
        yield text(f"ca-show-{part}", name=row["name"])
        yield text(
            "ca-show-dates",
            **{key: row[key][:10] for key in ("not_before", "not_after")},
            days=row["days_left"],
        )
        yield text("ca-show-fingerprint", fingerprint=row["fingerprint"])
        if part == "leaf":
            yield text("ca-show-leaf-names", names=", ".join(row["names"]), date=row["renew_at"][:10])
    yield text("ca-show-stores" if value["stores"] else "ca-show-no-stores")
    for store in value["stores"]:
        state = text(f"ca-state-{store['state']}")
        detail = f" ({store['detail']})" if store["detail"] else ""
        recorded = text("ca-show-recorded") if store["recorded"] else ""
        yield f"  {store['name']}: {state}{detail}{recorded}"
    for entry in value["former"]:
        yield text("ca-show-former", store=entry["store"], name=entry["name"])


def _certificate(certificate: "Certificate", now: datetime) -> dict[str, Any]:
    from localedge.pki.authority import common_name, days_left

    return {
        "name": common_name(certificate),
        "fingerprint": _fingerprint(certificate),
        "serial": f"{certificate.serial_number:x}",
        "not_before": certificate.not_valid_before_utc.isoformat(),
        "not_after": certificate.not_valid_after_utc.isoformat(),
        "days_left": days_left(certificate, now),
    }


def _fingerprint(certificate: "Certificate") -> str:
    from localedge.pki.authority import fingerprint

    return fingerprint(certificate)


def _stores(scene: Scene, authority: "Authority", entries: "Sequence[Entry]") -> list[dict[str, Any]]:
    from localedge.machine.stores import detect
    from localedge.pki.authority import as_root
    from localedge.pki.plan import State

    wanted = as_root(authority.root)
    recorded = {entry.store for entry in entries if entry.root.fingerprint == wanted.fingerprint}
    rows = []
    for store in detect(scene.system):
        status = store.state(wanted)
        if status.state is State.ABSENT and store.only_if_named:
            continue
        rows.append(
            {
                "name": store.name,
                "state": status.state.value,
                "detail": status.detail,
                "recorded": store.name in recorded,
            }
        )
    return rows
