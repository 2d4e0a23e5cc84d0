"""The profile in the forms that administrators hand out."""

import json
import plistlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.claude.fleet import SCOPES, Format, Scope, export, mobileconfig, reg
from localedge.claude.models import Model
from localedge.claude.profile import Profile, as_text
from localedge.config import Secret

PROFILE = Profile(
    "http://127.0.0.1:18080",
    Secret('k"e\\y'),
    models=(Model.of("claude-opus-4"), Model.of("claude-sonnet-4[1m]")),
    headers={"x-localedge-token": Secret("t0ken")},
)
SETTINGS = PROFILE.settings()
LINE = re.compile(r'"((?:[^"\\]|\\.)*)"="((?:[^"\\]|\\.)*)"')


def registry(content: bytes) -> tuple[str, dict[str, str]]:
    """The key and the values of a registry file, as regedit reads it."""
    assert content.startswith(b"\xff\xfe")
    text = content[2:].decode("utf-16-le")
    lines = text.split("\r\n")
    assert "\n" not in "".join(lines) and lines[0] == "Windows Registry Editor Version 5.00"
    assert lines[1] == "" and lines[-2:] == ["", ""]
    found = {}
    for line in lines[3:-2]:
        match = LINE.fullmatch(line)
        assert match, line
        found[re.sub(r"\\(.)", r"\1", match[1])] = re.sub(r"\\(.)", r"\1", match[2])
    return lines[2], found


@pytest.mark.parametrize(
    ("scope", "root"), [(Scope.MACHINE, "HKEY_LOCAL_MACHINE"), (Scope.USER, "HKEY_CURRENT_USER")]
)
def test_the_registry_file(scope: Scope, root: str) -> None:
    """UTF-16 with its mark, CRLF, text values only, backslashes and quotes escaped."""
    key, values = registry(reg(SETTINGS, scope))
    assert key == f"[{root}\\SOFTWARE\\Policies\\Claude]"
    assert values == {name: as_text(value) for name, value in SETTINGS.items()}
    assert values["inferenceGatewayApiKey"] == 'k"e\\y' and values["modelDiscoveryEnabled"] == "false"
    assert json.loads(values["inferenceModels"]) == SETTINGS["inferenceModels"]


@given(st.dictionaries(st.text('ab\\"= ', min_size=1, max_size=5), st.text(max_size=9), max_size=3))
def test_any_text_comes_back_from_the_registry_file(settings: dict[str, str]) -> None:
    """Whatever characters a value has, a registry file brings it over as it is."""
    unfit = re.compile(r"[\x00-\x1f\x85\u2028\u2029\ud800-\udfff]")
    clean = {name: unfit.sub("", value) for name, value in settings.items()}
    assert registry(reg(clean, Scope.USER))[1] == clean


@pytest.mark.parametrize(("scope", "name"), [(Scope.MACHINE, "System"), (Scope.USER, "User")])
def test_the_configuration_profile(scope: Scope, name: str) -> None:
    """A property list with one payload for Claude's domain, in which every value is text."""
    found = plistlib.loads(mobileconfig(SETTINGS, scope))
    [payload] = found["PayloadContent"]
    assert (found["PayloadType"], found["PayloadScope"]) == ("Configuration", name)
    assert payload["PayloadType"] == "com.anthropic.claudefordesktop"
    values = {key: value for key, value in payload.items() if not key.startswith("Payload")}
    assert values == {key: as_text(value) for key, value in SETTINGS.items()}
    assert all(isinstance(value, str) for value in values.values())


def test_the_uuids_are_stable() -> None:
    """A newer profile replaces the older one on a machine: same UUIDs, others for each payload and scope."""
    uuids = set()
    for scope in Scope:
        found = plistlib.loads(mobileconfig(SETTINGS, scope))
        other = plistlib.loads(mobileconfig({"a": "b"}, scope))
        assert found["PayloadUUID"] == other["PayloadUUID"]
        assert found["PayloadContent"][0]["PayloadUUID"] == other["PayloadContent"][0]["PayloadUUID"]
        uuids |= {found["PayloadUUID"], found["PayloadContent"][0]["PayloadUUID"]}
    assert len(uuids) == 4


@pytest.mark.parametrize("form", [Format.MANAGED_SETTINGS, Format.JSON])
def test_json_keeps_types(form: Format) -> None:
    """The JSON forms have numbers, flags, lists and objects as such."""
    content = export(SETTINGS, form, SCOPES[form][0])
    assert json.loads(content) == SETTINGS and content.endswith(b"}\n")


def test_every_form_can_be_made() -> None:
    """Each form is made for each scope that it can have."""
    for form, scopes in SCOPES.items():
        for scope in scopes:
            assert export(SETTINGS, form, scope)
