"""`localedge desktop export`: the bytes, and where they go."""

from typing import TYPE_CHECKING

from localedge.claude.fleet import SCOPES, Format, Scope
from localedge.claude.fleet import export as exported
from localedge.errors import Failure, reason_of

from . import desktop_wanted
from .desktop_wanted import Wanted

if TYPE_CHECKING:
    from localedge.config import Config

    from .output import Printer


def write(
    printer: "Printer",
    config: "Config",
    wanted: Wanted,
    *,
    form: str | None,
    scope: str | None,
    target: str | None,
) -> int:
    """Make it and hand it out.  Raises `Failure` and `Problems`."""
    if form not in set(Format):
        raise Failure("desktop-export-format", value=form or "")
    chosen = Format(form)
    if scope is not None and scope not in set(Scope):
        raise Failure("desktop-export-scope", format=form, scope=scope, known=_known(chosen))
    place = Scope(scope) if scope else SCOPES[chosen][0]
    if place not in SCOPES[chosen]:
        raise Failure("desktop-export-scope", format=form, scope=scope, known=_known(chosen))
    # One unknown key may void the whole of managed-settings.json: a build that lacks this one is no rarity.
    timeout = chosen is not Format.MANAGED_SETTINGS
    profile = desktop_wanted.profile(printer, config, wanted, known={}, knows_timeout=timeout)
    content = exported(profile.settings(), chosen, place)
    if target is not None:
        _save(target, content)
    elif chosen is Format.REG and printer.to_terminal:
        printer.data(content.decode("utf-16").replace("\r\n", "\n").rstrip("\n"))
    else:
        printer.raw(content)
    printer.talk(f"desktop-export-{chosen.value}")
    printer.talk("desktop-export-key")
    if profile.headers and chosen in (Format.REG, Format.MOBILECONFIG):
        printer.talk("desktop-export-headers")
    return 0


def _known(form: Format) -> str:
    return ", ".join(SCOPES[form])


def _save(target: str, content: bytes) -> None:
    from localedge.machine import private_files
    from localedge.machine.files import expanded

    path = expanded(target)
    shown = private_files.shown(path)
    try:
        private_files.write_new(path, content)
    except FileExistsError:
        raise Failure("desktop-export-exists", path=shown) from None
    except OSError as error:
        raise Failure("desktop-export-unwritable", path=shown, reason=reason_of(error)) from None
