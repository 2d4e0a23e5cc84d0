"""Claude Desktop's configuration for a gateway: the keys, their types, the files of its local library.

Keys are flat names.  The local library and managed-settings.json hold JSON values, a property list and the
registry hold text only.  `_meta.json` names the profiles of the library and the one that is applied, each
profile is `<uuid>.json`; `deploymentMode` in claude_desktop_config.json switches to it.
"""

import enum
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localedge.config import Secret
from localedge.errors import Failure

from .json_text import JsonText, fresh
from .models import Model, Verdict, judge
from .rules import accepts_base_url

NAME = "localedge"
"""Of the profile, in the list that Claude Desktop shows."""

MODE_KEY, THIRD_PARTY = "deploymentMode", "3p"
DEV_TOOLS_KEY = "allowDevTools"
APPLIED, ENTRIES = "appliedId", "entries"
BASE_URL = "inferenceGatewayBaseUrl"
API_KEY = "inferenceGatewayApiKey"
SCHEME_KEY = "inferenceGatewayAuthScheme"
HEADERS = "inferenceCustomHeaders"
OLD_HEADERS = "inferenceGatewayHeaders"
"""Gone since October 2026, as the schemes `sso` and `auto` and headers in the form of text."""
MODELS = "inferenceModels"
IDLE_TIMEOUT = "inferenceStreamIdleTimeoutSec"

LONGEST_SILENCE = 1800
"""Seconds: the most that newer builds take (300-1800).  Models think for more than ten minutes."""

_KEY = re.compile(r"[!-~]{1,8192}")


class Scheme(enum.StrEnum):
    """How the key is sent."""

    BEARER = "bearer"
    X_API_KEY = "x-api-key"


@dataclass(frozen=True, slots=True)
class Profile:
    """What Claude Desktop is to use."""

    base_url: str
    api_key: Secret
    scheme: Scheme = Scheme.BEARER
    models: tuple[Model, ...] = ()
    """None: it asks the gateway for them."""
    headers: Mapping[str, Secret] = field(default_factory=dict)
    idle_timeout: int | None = LONGEST_SILENCE
    """None for a build that does not know the key."""

    def settings(self) -> dict[str, object]:
        """Keys and JSON values, secrets in clear."""
        found: dict[str, object] = {
            "inferenceProvider": "gateway",
            BASE_URL: self.base_url,
            API_KEY: self.api_key.reveal(),
            SCHEME_KEY: self.scheme.value,
        }
        if self.headers:
            found[HEADERS] = {name: value.reveal() for name, value in self.headers.items()}
        if self.models:
            found[MODELS] = [model.entry for model in self.models]
        found["modelDiscoveryEnabled"] = not self.models
        if self.idle_timeout is not None:
            found[IDLE_TIMEOUT] = self.idle_timeout
        return found

    def problems(self) -> list[Failure]:
        """Why Claude Desktop would not take it; empty if it would."""
        return [*base_url_problems(self.base_url), *key_problems(self.api_key), *model_problems(self.models)]


def base_url_problems(url: str) -> list[Failure]:
    """Claude Desktop's rule for the base URL."""
    return [] if accepts_base_url(url).accepted else [Failure("desktop-url-refused", url=url)]


def key_problems(key: Secret) -> list[Failure]:
    """A key goes into a header field: visible ASCII, and never empty."""
    if not key:
        return [Failure("desktop-key-empty")]
    return [] if _KEY.fullmatch(key.reveal()) else [Failure("desktop-key-characters")]


def model_problems(models: Iterable[Model]) -> list[Failure]:
    """Ids that the picker would not show."""
    found = []
    for model in models:
        judged = judge(model.id)
        match judged.verdict:
            case Verdict.NO_ID:
                found.append(Failure("desktop-model-no-id"))
            case Verdict.FOREIGN:
                found.append(Failure("desktop-model-foreign", model=model.id, word=judged.word))
            case Verdict.STRANGE:
                found.append(Failure("desktop-model-strange", model=model.id))
            case Verdict.SHOWN:
                pass
    return found


def settings_problems(settings: Mapping[str, Any]) -> list[Failure]:
    """What newer builds of Claude Desktop would not take of a configuration that is there already."""
    if settings.get("inferenceProvider") != "gateway":
        return []
    url, key, headers = settings.get(BASE_URL), settings.get(API_KEY), settings.get(HEADERS)
    found = base_url_problems(url) if isinstance(url, str) and url else [Failure("desktop-url-missing")]
    if not isinstance(key, str) or not key:
        found.append(Failure("desktop-key-empty"))
    if settings.get(SCHEME_KEY, Scheme.BEARER.value) not in tuple(Scheme):  # it may be of any type
        found.append(Failure("desktop-key-gone", key=SCHEME_KEY))
    if OLD_HEADERS in settings or isinstance(headers, str):
        found.append(Failure("desktop-key-gone", key=OLD_HEADERS if OLD_HEADERS in settings else HEADERS))
    models = settings.get(MODELS)
    listed = models if isinstance(models, list) else []
    names = [one.get("name") if isinstance(one, dict) else one for one in listed]
    return [*found, *model_problems(Model.of(name) for name in names if isinstance(name, str))]


def as_text(value: object) -> str:
    """A value as a property list and the registry have it: text whatever its type."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def with_settings(content: bytes | None, wanted: Mapping[str, object], stale: Iterable[str] = ()) -> bytes:
    """A file with these members, without the `stale` ones, and everything else as it is.

    Raises `NotJson` and `WrongShape`.
    """
    if content is None:
        return fresh(dict(wanted))
    text = JsonText.read(content)
    for key in stale:
        text = text.without_member(key)
    for key, value in wanted.items():
        text = text.with_member(key, value)
    return text.content()


def with_profile(content: bytes | None, profile_id: str, name: str = NAME) -> bytes:
    """`_meta.json` with this profile in its list, and applied.  Raises `NotJson` and `WrongShape`."""
    entry = {"id": profile_id, "name": name}
    if content is None:
        return fresh({APPLIED: profile_id, ENTRIES: [entry]})
    text = JsonText.read(content).with_member(APPLIED, profile_id)
    if profile_id not in profile_names(text.value):
        text = text.with_item(ENTRIES, entry)
    return text.content()


def without_profile(content: bytes, profile_id: str, was: object, *, keep: bool = False) -> bytes:
    """`_meta.json` without it.  What was applied before is applied again if it is still in the list.

    `keep`: the profile stays in the list, for it holds something of the user's.
    """
    text = JsonText.read(content)
    if not keep:
        text = text.without_items(ENTRIES, lambda item: _id_of(item) == profile_id)
    if text.value.get(APPLIED) == profile_id:
        known = isinstance(was, str) and was in profile_names(text.value)
        text = text.with_member(APPLIED, was) if known else text.without_member(APPLIED)
    return text.content()


def profile_names(meta: Mapping[str, Any]) -> dict[str, str]:
    """The profiles of a `_meta.json` by id.  What has another shape is left out."""
    entries = meta.get(ENTRIES)
    found = {}
    for item in entries if isinstance(entries, list) else ():
        if (name := _id_of(item)) is not None:
            found[name] = str(item.get("name", ""))
    return found


def _id_of(item: object) -> str | None:
    found = item.get("id") if isinstance(item, dict) else None
    return found if isinstance(found, str) else None
