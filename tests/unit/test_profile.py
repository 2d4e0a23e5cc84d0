"""The profile for a gateway: keys, types, and what Claude Desktop would refuse."""

import pytest

from localedge.claude.json_text import WrongShape
from localedge.claude.models import Model
from localedge.claude.profile import (
    API_KEY,
    Profile,
    Scheme,
    as_text,
    settings_problems,
    with_profile,
    with_settings,
    without_profile,
)
from localedge.config import Secret

URL = "http://127.0.0.1:18080"
KEY = Secret("sk-secret")


def codes(profile: Profile) -> list[str]:
    """What is wrong with it."""
    return [one.code for one in profile.problems()]


def test_the_keys_and_their_types() -> None:
    """The local library gets JSON values: numbers, flags, lists and objects as such."""
    profile = Profile(
        URL, KEY, Scheme.X_API_KEY, (Model.of("claude-opus-4[1m]"),), {"x-token": Secret("t0ken")}
    )
    assert profile.settings() == {
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": URL,
        "inferenceGatewayApiKey": "sk-secret",
        "inferenceGatewayAuthScheme": "x-api-key",
        "inferenceCustomHeaders": {"x-token": "t0ken"},
        "inferenceModels": [{"name": "claude-opus-4", "supports1m": True}],
        "modelDiscoveryEnabled": False,
        "inferenceStreamIdleTimeoutSec": 1800,
    }
    assert codes(profile) == []


def test_without_models_the_gateway_is_asked() -> None:
    """Without a list of models Claude Desktop asks the gateway; an old build gets no key it does not know."""
    settings = Profile(URL, KEY, idle_timeout=None).settings()
    assert settings["modelDiscoveryEnabled"] is True
    assert not {"inferenceModels", "inferenceStreamIdleTimeoutSec", "inferenceCustomHeaders"} & set(settings)


def test_a_profile_does_not_show_its_secrets() -> None:
    """Neither key nor header values are in what a profile looks like in a message."""
    shown = repr(Profile(URL, KEY, headers={"x-token": Secret("t0ken")}))
    assert "sk-secret" not in shown and "t0ken" not in shown


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        (URL, True),
        ("http://localhost:18080/prefix", True),
        ("http://[::1]:18080", True),
        ("https://localedge.test:18443", True),
        ("http://127.0.0.2:18080", False),
        ("http://192.168.1.2:18080", False),
        ("http://my-mac.local:18080", False),
    ],
)
def test_the_base_url(url: str, taken: bool) -> None:
    """Claude's own rule is applied to the base URL before it is written anywhere."""
    assert codes(Profile(url, KEY)) == ([] if taken else ["desktop-url-refused"])


@pytest.mark.parametrize(
    ("key", "code"),
    [("", "desktop-key-empty"), ("a b", "desktop-key-characters"), ("\u5bc6", "desktop-key-characters")],
)
def test_the_key(key: str, code: str) -> None:
    """A key is never empty, and has only what a header can carry."""
    [failure] = Profile(URL, Secret(key)).problems()
    assert failure.code == code and (not key or key not in str(failure))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        (True, "true"),
        (False, "false"),
        (1800, "1800"),
        (["a", {"name": "b"}], '["a",{"name":"b"}]'),
        ({"k": "\u4e2d"}, '{"k":"\u4e2d"}'),
    ],
)
def test_values_as_text(value: object, text: str) -> None:
    """Property lists and the registry hold text only: everything else is written as JSON."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"inferenceProvider": "vertex", API_KEY: ""}, []),
        ({"inferenceGatewayBaseUrl": "http://10.0.0.1"}, ["desktop-url-refused"]),
        ({"inferenceGatewayBaseUrl": None}, ["desktop-url-missing"]),
        ({API_KEY: ""}, ["desktop-key-empty"]),
        ({"inferenceGatewayAuthScheme": "sso"}, ["desktop-key-gone"]),
        ({"inferenceGatewayHeaders": {}}, ["desktop-key-gone"]),
        ({"inferenceCustomHeaders": "a: b"}, ["desktop-key-gone"]),
        ({"inferenceModels": ["claude-x", {"name": "gpt-5.5"}, 3]}, ["desktop-model-foreign"]),
        ({"inferenceModels": "claude"}, []),
    ],
)
def test_what_is_wrong_with_a_configuration(change: dict[str, object], found: list[str]) -> None:
    """A configuration that is there already is judged by the same rules."""
    settings: dict[str, object] = {
        "inferenceProvider": "gateway",
        "inferenceGatewayBaseUrl": URL,
        API_KEY: "k",
        "inferenceGatewayAuthScheme": "bearer",
    }
    assert [one.code for one in settings_problems({**settings, **change})] == found


def test_stale_keys_go() -> None:
    """Keys of an earlier call that are not wanted any more are taken out."""
    assert with_settings(b'{"a": 1, "b": 2}', {"c": 3}, ["a"]) == b'{"b": 2, "c": 3}'


def test_the_list_of_profiles() -> None:
    """The profile is put into the list once and applied; taken out, the former one is applied again."""
    before = b'{"appliedId": "x", "entries": [{"id": "x", "name": "X"}, 7]}'
    with_ours = with_profile(before, "me")
    assert with_profile(with_ours, "me") == with_ours
    assert without_profile(with_ours, "me", "x") == before
    gone = without_profile(with_ours, "me", "deleted")
    assert gone == b'{"entries": [{"id": "x", "name": "X"}, 7]}'
    kept = without_profile(with_ours, "me", "x", keep=True)
    assert b'"me"' in kept and b'"appliedId": "x"' in kept
    with pytest.raises(WrongShape):
        with_profile(b'{"entries": 3}', "me")
