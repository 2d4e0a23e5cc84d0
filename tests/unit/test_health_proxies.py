"""What doctor makes of proxies: who reads NO_PROXY how, what systems say of theirs, what is told of it."""

from dataclasses import replace
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge.claude.health import Finding, Severity
from localedge.claude.health_proxies import (
    PROGRAMS,
    RULES,
    Facts,
    Script,
    Variables,
    excepted_by_curl,
    excepted_by_node,
    excepted_by_python,
    judge,
    read_by,
)
from localedge.claude.system_proxies import Server, SystemProxy, gnome, kde, macos, server, windows
from localedge.errors import Failure
from localedge.messages import doctor_proxies

CLASH, OFFICE = Server("127.0.0.1", 7890), Server("proxy.corp.example", 3128)
NAME = "localedge.test"
PLAIN = Facts("127.0.0.1", 18080, local=frozenset({CLASH}))
SECURE = replace(PLAIN, mapped=(NAME,), https_port=18443)
LOOPBACK = "127.0.0.1,localhost"


def found(facts: Facts, platform: str = "linux") -> list[Finding]:
    """The findings, each with a sentence in both languages that has every detail."""
    findings = list(judge(facts, platform))
    for one in findings:
        sentences = one.sentence("en") + one.sentence("zh")
        assert "?" not in sentences.replace("?***", ""), one
    return findings


def proxied(no_proxy: str = "", *servers: Server) -> Variables:
    """https_proxy, http_proxy, and what they except."""
    named = zip(("https_proxy", "http_proxy"), servers or (CLASH, CLASH), strict=False)
    return Variables(tuple(named), no_proxy)


def test_each_rule_has_its_sentence() -> None:
    """The rules and the table are the same codes."""
    assert set(RULES) == set(doctor_proxies.TABLE)


def test_what_is_fine_takes_one_line() -> None:
    """Without proxies, and with proxies that leave the edge alone."""
    assert [one.code for one in found(PLAIN)] == ["doctor-proxies-none"]
    [one] = found(replace(PLAIN, variables=proxied(LOOPBACK)))
    assert (one.code, one.severity) == ("doctor-proxies-good", Severity.GOOD)


@pytest.mark.parametrize(
    ("no_proxy", "host", "programs"),
    [
        ("", "127.0.0.1", ""),
        ("*", "127.0.0.1", "Claude Code Python curl"),
        ("127.0.0.1", "127.0.0.1", "Claude Code Python curl"),
        ("localhost,127.0.0.1", "localhost", "Claude Code Python curl"),
        ("a b 127.0.0.1", "127.0.0.1", "Claude Code curl"),
        ("127.0.0.0/8", "127.0.0.1", "curl"),
        ("127.*", "127.0.0.1", ""),
        ("127.0.0.1:18080", "127.0.0.1", "Claude Code Python"),
        ("127.0.0.1:1", "127.0.0.1", ""),
        ("127.0.0.10", "127.0.0.1", ""),
        ("test", NAME, "Python curl"),
        (".test", NAME, "Claude Code Python curl"),
        ("*.test", NAME, "Claude Code"),
        ("edge.test", NAME, ""),
        ("LOCALEDGE.TEST", NAME, "Claude Code Python curl"),
        ("::1", "::1", "Claude Code Python curl"),
        ("[::1]", "::1", "Claude Code Python curl"),
        (",,", "127.0.0.1", ""),
    ],
)
def test_programs_read_no_proxy_differently(no_proxy: str, host: str, programs: str) -> None:
    """A pattern of one is nothing to another."""
    who = [name for name, excepts in PROGRAMS.items() if excepts(no_proxy, host, 18080)]
    assert " ".join(who) == programs


ENTRIES = st.lists(
    st.sampled_from(
        ["*", "test", ".test", "*.test", NAME, "127.0.0.1", "localhost", "a", "127.0.0.1:18080", ""]
    ),
    max_size=4,
)


@given(ENTRIES, st.sampled_from(["127.0.0.1", "localhost", NAME]))
def test_python_reads_it_as_it_does(entries: list[str], host: str) -> None:
    """Python itself is asked."""
    text = ",".join(entries)
    theirs = bool(proxy_bypass_environment(f"{host}:18080", {"no": text}))
    assert excepted_by_python(text, host, 18080) is theirs


@given(st.text(max_size=30), st.sampled_from(["127.0.0.1", "::1", NAME]))
def test_any_text_may_stand_there(text: str, host: str) -> None:
    """Nothing that somebody typed is a traceback."""
    for excepts in (excepted_by_curl, excepted_by_node, excepted_by_python):
        assert excepts(text, host, 1) in (True, False)


@pytest.mark.parametrize(
    ("servers", "no_proxy", "severity"),
    [
        ((OFFICE,), "", Severity.ERROR),
        ((OFFICE,), "127.0.0.1", Severity.WARNING),
        ((OFFICE,), "127.0.0.0/8,localhost", Severity.ERROR),
        ((CLASH,), "", Severity.WARNING),
        ((CLASH, OFFICE), "", Severity.ERROR),
    ],
)
def test_a_proxy_elsewhere_is_an_error(
    servers: tuple[Server, ...], no_proxy: str, severity: Severity
) -> None:
    """It would look for 127.0.0.1 on its own machine; one on this machine mostly passes it on."""
    [one] = found(replace(PLAIN, variables=proxied(no_proxy, *servers)))
    assert (one.code, one.severity) == ("doctor-proxy-loopback", severity)


def test_the_line_to_type_keeps_what_is_there() -> None:
    """For the user's own shell; it mends what was found."""
    facts = replace(SECURE, variables=proxied("corp.example 10.0.0.0/8"))
    value = f"corp.example,10.0.0.0/8,127.0.0.1,localhost,{NAME}"
    lines = {
        ("bash", "linux"): f"export NO_PROXY={value}; export no_proxy={value}",
        ("fish", "linux"): f"set -gx NO_PROXY '{value}'; set -gx no_proxy '{value}'",
        ("pwsh", "win32"): f"$env:NO_PROXY = '{value}'",
    }
    for (shell, platform), line in lines.items():
        [one] = found(replace(facts, shell=shell), platform)
        assert one.command == line
    assert found(replace(facts, variables=proxied(value)))[0].severity is Severity.GOOD


def test_an_edge_on_ipv6() -> None:
    """Both ways to write the address."""
    facts = replace(PLAIN, host="::1", variables=proxied())
    [one] = found(facts)
    assert one.command.startswith("export NO_PROXY='::1,localhost,[::1]'")


def test_a_dead_proxy_is_the_only_finding() -> None:
    """An error where Claude goes through it, else a warning."""
    facts = replace(PLAIN, dead=frozenset({CLASH}))
    [one] = found(replace(facts, variables=proxied("", CLASH)))
    assert (one.code, one.severity, one.command) == ("doctor-proxy-dead", Severity.ERROR, "unset https_proxy")
    [one] = found(replace(facts, variables=proxied(LOOPBACK, CLASH)), "win32")
    assert (one.severity, one.command) == (Severity.WARNING, "Remove-Item Env:https_proxy")


def test_a_proxy_that_lives_is_not_taken_for_the_dead_one() -> None:
    """Only the variables that name it are to go."""
    facts = replace(PLAIN, dead=frozenset({CLASH}))
    [dead, other] = found(replace(facts, variables=proxied("", CLASH, OFFICE)))
    assert (dead.code, dead.command) == ("doctor-proxy-dead", "unset https_proxy")
    assert other.code == "doctor-proxy-loopback" and other.params["names"] == "http_proxy"


@pytest.mark.parametrize(
    ("name", "secure", "platform", "programs"),
    [
        ("HTTP_PROXY", False, "linux", "Claude Code Python"),
        ("HTTP_PROXY", False, "win32", "Claude Code Python curl"),
        ("http_proxy", False, "linux", "Claude Code Python curl"),
        ("HTTPS_PROXY", False, "linux", "Claude Code"),
        ("HTTPS_PROXY", True, "linux", "Claude Code Python curl"),
        ("http_proxy", True, "linux", "Claude Code"),
        ("ALL_PROXY", False, "linux", "Python curl"),
    ],
)
def test_programs_go_by_different_variables(name: str, secure: bool, platform: str, programs: str) -> None:
    """By the scheme of what they ask for, and by how the name is written."""
    who = [one for one in PROGRAMS if read_by(one, [name], secure=secure, platform=platform)]
    assert " ".join(who) == programs


def test_a_dead_proxy_on_the_way_to_the_gateway_is_told_there() -> None:
    """Unless Claude goes through it, too."""
    facts = replace(PLAIN, dead=frozenset({CLASH}), gateway_proxy=CLASH)
    [one] = found(replace(facts, variables=proxied(LOOPBACK)))
    assert one.severity is Severity.GOOD
    assert found(replace(facts, variables=proxied()))[0].code == "doctor-proxy-dead"


def test_values_that_localedge_cannot_use_have_its_own_sentence() -> None:
    """As they are told when it starts."""
    ignored = Failure("proxy-ignored", where="HTTP_PROXY", scheme="socks5")
    bad = Failure("proxy-path", where="HTTPS_PROXY", path="/x")
    findings = found(replace(PLAIN, variables=replace(proxied(LOOPBACK), problems=(ignored, bad))))
    assert [(one.code, one.severity) for one in findings] == [
        ("proxy-ignored", Severity.NOTE),
        ("proxy-path", Severity.WARNING),
    ]


# -- the system


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("127.0.0.1:7890", CLASH),
        ("http://127.0.0.1:7890/", CLASH),
        ("http://joe:p@ss@127.0.0.1:7890", CLASH),
        ("http://127.0.0.1 7890", CLASH),
        ("[::1]:80", Server("::1", 80)),
        ("http://joe:12345@proxy", None),
        ("joe:12345@proxy", None),
        ("proxy", None),
        ("", None),
        ("h:0", None),
        ("h:99999", None),
    ],
)
def test_where_a_proxy_listens(text: str, where: Server | None) -> None:
    """Without a user's name and password, and a password is never taken for a port."""
    assert server(text) == where


WINDOWS = {"ProxyEnable": 1, "ProxyServer": "127.0.0.1:7890", "ProxyOverride": "*.local;<local>"}


def test_windows() -> None:
    """One proxy, one for each scheme, none, a script, and a policy for all users."""
    proxy = windows(WINDOWS, {})
    assert (proxy.servers, proxy.exceptions) == ((CLASH,), ("*.local", "<local>"))
    each = {"ProxyEnable": 1, "ProxyServer": "http=127.0.0.1:7890;https=127.0.0.1:7890;socks=a:1080"}
    assert windows(each, {}).servers == (CLASH, Server("a", 1080))
    assert not windows({**WINDOWS, "ProxyEnable": 0}, {}).active and not windows({}, {}).active
    assert windows({"AutoConfigURL": "http://pac/"}, {}).pac == "http://pac/"
    assert windows({"AutoDetect": 1}, {}).detects
    assert not windows(WINDOWS, {}, per_user=False).active
    assert "HKLM\\" in windows({}, WINDOWS, per_user=False).switched_off()
    strange = {"ProxyEnable": 1, "ProxyServer": b"\0", "ProxyOverride": 7, "AutoConfigURL": None}
    assert windows(strange, {}).servers == ()


def test_commands_for_windows_are_quoted() -> None:
    """A semicolon and an angle bracket mean something to both shells."""
    command = windows(WINDOWS, {}).with_exceptions([NAME])
    assert command.endswith(f'/v ProxyOverride /t REG_SZ /d "*.local;<local>;{NAME}" /f')
    assert r'reg add "HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings" /v' in command


SCUTIL = """<dictionary> {
  ExceptionsList : <array> {
    0 : *.local
    1 : 169.254/16
  }
  FTPPassive : 1
  HTTPEnable : 1
  HTTPPort : 7890
  HTTPProxy : 127.0.0.1
  HTTPSEnable : 1
  HTTPSPort : 7890
  HTTPSProxy : 127.0.0.1
  ProxyAutoConfigEnable : 1
  ProxyAutoConfigURLString : file:///Users/joe/proxy.pac
  ProxyAutoDiscoveryEnable : 0
  SOCKSEnable : 0
  SOCKSPort : 1
  SOCKSProxy : away
  __SCOPED__ : <dictionary> {
    en0 : <dictionary> {
      HTTPEnable : 1
      HTTPPort : 9
      HTTPProxy : other
    }
  }
}
"""


def test_macos() -> None:
    """What holds for all, not what belongs to one interface."""
    proxy = macos(SCUTIL)
    assert (proxy.servers, proxy.exceptions) == ((CLASH,), ("*.local", "169.254/16"))
    assert proxy.pac == "file:///Users/joe/proxy.pac" and not proxy.detects
    assert not macos("<dictionary> {\n}\n").active and not macos("").active and not macos("}}}{").active


GNOME = """org.gnome.system.proxy autoconfig-url 'http://pac/'
org.gnome.system.proxy ignore-hosts ['localhost', '127.0.0.0/8', '::1']
org.gnome.system.proxy mode 'manual'
org.gnome.system.proxy use-same-proxy true
org.gnome.system.proxy.http host '127.0.0.1'
org.gnome.system.proxy.http port 7890
org.gnome.system.proxy.https host ''
org.gnome.system.proxy.https port 0
"""


def test_gnome() -> None:
    """The mode decides what counts."""
    assert gnome(GNOME).servers == (CLASH,) and gnome(GNOME).pac == ""
    auto = gnome(GNOME.replace("manual", "auto"))
    assert auto.pac == "http://pac/" and auto.servers == ()
    assert gnome(GNOME.replace("manual", "auto").replace("http://pac/", "")).detects
    assert not gnome(GNOME.replace("manual", "none")).active and not gnome("nonsense '").active
    assert gnome(GNOME.replace("['localhost', '127.0.0.0/8', '::1']", "@as []")).exceptions == ()
    assert gnome(GNOME).with_exceptions([NAME]) == (
        "gsettings set org.gnome.system.proxy ignore-hosts "
        f"""'['"'"'localhost'"'"', '"'"'127.0.0.0/8'"'"', '"'"'::1'"'"', '"'"'{NAME}'"'"']'"""
    )


KDE = """[Proxy Settings][$Version]
update_info=x

[Proxy Settings]
NoProxyFor=a.example, .b.example
Proxy Config Script[$e]=file:///x.pac
ProxyType=1
ReversedException=false
httpProxy=http://127.0.0.1 7890
"""


def test_kde() -> None:
    """The type decides what counts."""
    assert kde(KDE).servers == (CLASH,) and kde(KDE).exceptions == ("a.example", ".b.example")
    assert kde(KDE.replace("Type=1", "Type=2")).pac == "file:///x.pac"
    assert kde(KDE.replace("Type=1", "Type=3")).detects
    assert not kde(KDE.replace("Type=1", "Type=0")).active and not kde("").active and not kde("[[").active
    reverse = kde(KDE.replace("Exception=false", "Exception=true"))
    assert reverse.excepts(NAME) and not reverse.excepts("a.example")
    assert kde(KDE).with_exceptions([NAME]).endswith(f"--key NoProxyFor a.example,.b.example,{NAME}")


@pytest.mark.parametrize(
    ("entry", "suffixes", "excepted"),
    [
        (NAME, False, True),
        ("*.test", False, True),
        (".test", False, True),
        ("https://*.test:18443", False, True),
        ("test", False, False),
        ("test", True, True),
        ("edge.test", True, True),
        ("<local>", False, False),
        ("127.0.0.0/8", True, False),
        ("*", False, True),
        ("", True, False),
    ],
)
def test_exceptions_as_chromium_reads_them(entry: str, suffixes: bool, excepted: bool) -> None:
    """On Linux an exception is the end of a name, elsewhere a pattern for all of it."""
    assert SystemProxy("X", exceptions=(entry,), suffixes=suffixes).excepts(NAME) is excepted


def systems(
    proxy: SystemProxy, script: Script | None = None, facts: Facts = SECURE
) -> list[tuple[str, Severity]]:
    """The findings about one."""
    findings = found(replace(facts, systems=[(proxy, script or Script())]))
    return [(one.code, one.severity) for one in findings if one.severity]


def test_a_system_proxy_takes_mapped_names_only() -> None:
    """Loopback is left alone by Chromium, unless it is told otherwise."""
    proxy = windows(WINDOWS, {})
    assert systems(proxy) == [("doctor-system-proxy-names", Severity.WARNING)]
    assert systems(proxy, facts=PLAIN) == []
    assert systems(replace(proxy, exceptions=(NAME,))) == []
    assert systems(replace(proxy, exceptions=(NAME, "<-loopback>"))) == [
        ("doctor-system-proxy-loopback", Severity.ERROR)
    ]
    dead = replace(SECURE, dead=frozenset({CLASH}))
    assert systems(proxy, facts=dead) == [("doctor-system-proxy-dead", Severity.WARNING)]


def test_a_script_decides_for_mapped_names() -> None:
    """A note, unless it names them, or is not there, or whoever provides it is gone."""
    proxy = windows({"AutoConfigURL": "http://127.0.0.1:7890/proxy.pac?key=1"}, {})
    assert systems(proxy) == [("doctor-pac", Severity.NOTE)]
    assert systems(proxy, facts=PLAIN) == []
    rule = Script(text='if (dnsDomainIs(host, ".TEST")) return "DIRECT"')
    assert systems(proxy, rule) == []
    assert systems(proxy, Script(missing=True), PLAIN) == [("doctor-pac-missing", Severity.WARNING)]
    gone = replace(PLAIN, dead=frozenset({CLASH}))
    assert systems(proxy, facts=gone) == [("doctor-pac-missing", Severity.WARNING)]
    assert systems(windows({"AutoDetect": 1}, {})) == [("doctor-pac-detected", Severity.NOTE)]
    assert proxy.pac_shown == "http://127.0.0.1:7890/proxy.pac?***"
    assert proxy.without_script().endswith("/v AutoConfigURL /f")
    assert SystemProxy("GNOME", pac="data:,x").pac_shown == "data:..."


def test_what_nobody_could_type_is_in_no_command() -> None:
    """Control characters and quotes of whoever wrote the settings."""
    odd = replace(windows(WINDOWS, {}), exceptions=('a"b',))
    assert odd.with_exceptions([NAME]) == ""
    assert server("http://\x1b[31m:80") is None and server("http://\udc80:80") is None
    [one] = found(replace(PLAIN, variables=proxied("a.example,\x1b[31m")))
    assert one.command.isprintable() and "a.example,127.0.0.1" in one.command
    assert SystemProxy("GNOME", pac="file:///\x1b[31m").pac_shown.isprintable()
