"""How a text is searched for errors: localedge's own codes, several at once, odd encodings, secrets."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localedge import messages
from localedge.claude.explaining import OWN, Finding, explain
from localedge.claude.symptoms import table
from localedge.claude.symptoms_text import Sought, decoded, lower, plain, redacted
from localedge.cli.group import localedge as group
from localedge.errors import Failure
from localedge.http.answers import error_answer
from localedge.messages import table as message_table

FAILURES = [code for code, row in message_table().items() if not row.talk]
ANSWERS = [code for code, row in message_table().items() if row.status is not None]
WHY = [code for code in message_table() if code.startswith("why-")]
KNOWN = {"base": "http://127.0.0.1:18080", "secure": "https://localhost:18443"}


def codes(text: str) -> list[str]:
    """The causes found, in order."""
    return [finding.code for finding in explain(text)]


def shown(findings: list[Finding]) -> str:
    """Everything of them that is ever printed."""
    parts = [
        [one.cause(lang, **KNOWN), one.step(lang, **KNOWN), one.seen]
        for one in findings
        for lang in ("en", "zh")
    ]
    return json.dumps(parts, ensure_ascii=False)


@pytest.mark.parametrize("code", FAILURES)
def test_every_failure_of_localedge_is_found_by_its_code(code: str) -> None:
    """Whatever localedge itself complains about, its line leads to its explanation, in either language."""
    line = f"localedge: something is wrong. Do something. [{code}]"
    [finding] = explain(f"$ localedge run\n{line}\n$ ")
    assert (finding.code, finding.source) == (code, OWN)
    assert finding.cause("en") and finding.step("en") and finding.cause("zh") and finding.step("zh")
    assert "{" not in finding.cause("en") + finding.step("zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("code", ANSWERS)
def test_an_answer_of_the_edge_is_found_without_its_code(code: str, lang: str) -> None:
    """Clients show only the sentence of an answer of the edge: that is enough, details included."""
    params = {
        "gateway": "http://gw.example:8000",
        "host": "gw.example",
        "reason": "for a test",
        "limit": "10",
    }
    _, body = error_answer(code, params, lang)
    findings = explain(f"API Error: {message_table()[code].status} {body.decode()}")
    assert findings[0].code == code
    assert (
        "http://gw.example:8000" in findings[0].cause("en")
        or "{gateway}" not in message_table()[code].en.fact
    )


@pytest.mark.parametrize(
    "line",
    [
        "< x-localedge-error: gateway-refused",
        '"x-localedge-error": "gateway-refused"',
        "2026-11-22T10:00:00.000Z 127.0.0.1 POST /v1/messages 502 gateway-failed in=1 [gateway-refused]",
        '{"time": "2026-11-22T10:00:00.000Z", "ending": "gateway-failed", "error": "gateway-refused"}',
    ],
)
def test_a_code_is_found_where_localedge_writes_it(line: str) -> None:
    """In an answer's fields, in the access log, in the log as JSON."""
    assert codes(line) == ["gateway-refused"]


def test_the_details_of_a_line_are_told_in_the_other_language() -> None:
    """An English line that somebody sent is told in Chinese, with its details."""
    line = Failure("port-in-use-by", port=18080, owner="nginx", pid=12).sentence()
    [finding] = explain(f"localedge: {line} [port-in-use-by]")
    assert finding.cause("zh") == "端口 18080 已被 nginx（pid 12）占用。"
    assert finding.cause("en") == "Port 18080 is in use by nginx (pid 12)."


def test_a_detail_that_the_text_does_not_have_shows_as_its_name() -> None:
    """A code alone is explained with gaps that say what belongs there."""
    [finding] = explain("[gateway-refused]")
    assert finding.cause("en") == "The gateway <gateway> refused the connection."


def test_several_causes_are_told_once_each_the_plainest_first() -> None:
    """What points straight at its cause comes before what is only a consequence; counts are by line."""
    text = (
        "connection refused\nnet::ERR_CERT_AUTHORITY_INVALID\nconnection refused\nmodel: baseUrl: Required\n"
    )
    findings = explain(text)
    assert [finding.code for finding in findings] == ["why-desktop-no-url", "why-untrusted", "why-refused"]
    assert [finding.times for finding in findings] == [1, 1, 2]


def test_the_latest_of_equals_comes_first() -> None:
    """In a log the newest problem is the one that matters."""
    assert codes("ENOTFOUND gw\nECONNREFUSED 127.0.0.1:1\n") == ["why-refused", "why-unresolved"]
    assert codes("ECONNREFUSED 127.0.0.1:1\nENOTFOUND gw\n") == ["why-unresolved", "why-refused"]


def test_a_general_text_gives_way_to_a_plain_one_close_by() -> None:
    """`Connection error.` says nothing where the reason stands beside it; far away it may be another."""
    general, plain_ = "API Error (Connection error.)", "Error: connect ECONNREFUSED 127.0.0.1:18080"
    assert codes(f"{general}\n{plain_}") == ["why-refused"]
    assert codes(general + "\n" + "." * 5000 + "\n" + plain_) == ["why-refused", "why-connection"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "2026-11-22 10:00:00 [info] [custom-3p] 3P mode active { provider: 'gateway' }",
        "2026-11-22 10:00:00 [info] [custom-3p] Credentials loaded from enterprise config",
        "2026-11-22 10:00:01 [info] ConfigHealth recomputed { state: 'healthy' }",
        "2026-11-22T10:00:00.000Z 127.0.0.1 POST /v1/messages 200 ok in=75000 out=1200 queue=0.0 connect=1.0",
        "Listening on http://127.0.0.1:18080 -> http://gateway.example:8000",
        "[info] [error] [a-b] [no-such-thing]",
        "the loop [loop] goes on",
        "an array[draining] of things",
    ],
)
def test_what_is_no_error_is_not_known(text: str) -> None:
    """A healthy log and ordinary words are not taken for errors."""
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31mnet::ERR_CONNECTION\x1b[0m_REFUSED\x1b[0m",
        "\x1b]8;;https://x\x07net::ERR_CONNECTION_REFUSED\x1b]8;;\x07",
        "net::err_connection_refused",
        "one\r\nnet::ERR_CONNECTION_REFUSED\r\n",
        "\ufeffnet::ERR_CONNECTION_REFUSED",
        "caf\ufffd \u0130\u0130\u0130 net::ERR_CONNECTION_REFUSED",
    ],
)
def test_the_dress_of_a_text_does_not_matter(text: str) -> None:
    """Colours, links, other line ends, marks and letters that change their length are looked through."""
    [finding] = explain(text)
    assert finding.code == "why-refused" and finding.seen.upper().endswith("ERR_CONNECTION_REFUSED")


def test_a_text_that_a_terminal_wrapped_is_found() -> None:
    """Words may be on two lines, and quotes may be curly."""
    assert codes("Virtual Machine\n  Platform not\n  available") == ["why-vm-platform"]
    assert codes("you\u2019re speaking plain HTTP to an SSL-enabled server port") == ["why-http-to-https"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_any_usual_encoding_is_read(encoding: str) -> None:
    """PowerShell's UTF-16 and a Chinese console's GBK hold the same errors."""
    text = "日志 net::ERR_CONNECTION_REFUSED at the end of a line of some length"
    assert codes(decoded(text.encode(encoding))) == ["why-refused"]


def test_a_hole_in_a_log_does_not_change_its_encoding() -> None:
    """After a crash Windows leaves zeros in a log: they are passed over."""
    assert codes(decoded(bytes(5000) + b"\nnet::ERR_CONNECTION_REFUSED\n")) == ["why-refused"]


def test_the_end_of_a_wide_file_has_no_mark() -> None:
    """A log's encoding is told from its beginning when only its end is read."""
    wide = "网关 net::ERR_CONNECTION_REFUSED 网关网关网关网关网关网关网关网关网关网关".encode("utf-16")
    assert codes(decoded(wide[2:], wide[:4])) == ["why-refused"]
    assert codes(decoded(wide[2:-1], wide[:4])) == ["why-refused"], "half a character at the end"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("key sk-ant-api03-abcDEF_123 end", "key sk-*** end"),
        ("Authorization: Bearer abc.def-1", "Authorization: Bearer ***"),
        ("authorization=Basic dXNlcjpw", "authorization=Basic ***"),
        ('{"x-api-key":"hunter2"}', '{"x-api-key":"***"}'),
        (r"\"x-api-key\": \"hunter2\"", r"\"x-api-key\": \"***\""),
        ("x-localedge-token: hunter2", "x-localedge-token: ***"),
        ("ANTHROPIC_AUTH_TOKEN=hunter2", "ANTHROPIC_AUTH_TOKEN=***"),
        ("inferenceGatewayApiKey: 'hunter2'", "inferenceGatewayApiKey: '***'"),
        ("http://me:hunter2@proxy:3128/", "http://***@proxy:3128/"),
        ("password = hunter2", "password = ***"),
        ("Set-Cookie: a=hunter2", "Set-Cookie: ***"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "***"),
        ("ghp_0123456789abcdef", "***"),
        ("0123456789abcdef0123456789abcdef", "***"),
        ("/v1?key=hunter2&x=1", "/v1?key=***&x=1"),
        ("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
        ("baseUrl: Required", "baseUrl: Required"),
    ],
)
def test_R23_secrets_are_blanked_out(text: str, clean: str) -> None:
    """R23: keys, tokens, passwords and what looks like them become stars, the rest stays."""
    result = redacted(text)
    assert result == clean or (result.count("***") and "hunter2" not in result)


SECRETS = st.builds(
    str.__add__,
    st.sampled_from(
        ["sk-", "sk-ant-api03-", "Bearer ", "bearer  ", "x-api-key: ", '"apiKey":"', "https://user:"]
    ),
    st.from_regex(r"[A-Za-z0-9_]{16,60}", fullmatch=True),
)
TEXTS = st.text(max_size=200)
ERRORS = st.sampled_from(
    [
        "",
        "net::ERR_CONNECTION_REFUSED",
        "[gateway-refused]",
        "The gateway ",
        " refused the connection.",
        "curl: (60)",
        *[sign for symptom in table() for sign, _ in symptom.signs][::7],
    ]
)


@given(st.lists(st.one_of(TEXTS, ERRORS), max_size=6), SECRETS, st.sampled_from(["", "\n", " ", '"', "@"]))
def test_R23_no_text_fails_and_no_secret_is_told(parts: list[str], secret: str, after: str) -> None:
    """R23: whatever the text is, there is an answer, and it holds nothing of the keys in it."""
    half = len(parts) // 2
    text = "".join(parts[:half]) + " " + secret + after + "".join(parts[half:])
    value = re.split(r"[ :\"]", secret)[-1]
    assert value.removeprefix("sk-ant-api03-").removeprefix("sk-") not in shown(explain(text))


@given(st.binary(max_size=400), st.binary(max_size=4))
def test_no_bytes_fail(data: bytes, first: bytes) -> None:
    """Any file can be looked at."""
    explain(decoded(data, first))


@given(st.text(max_size=300))
def test_places_stay_where_they_are(text: str) -> None:
    """Lower case moves no character, so that what is shown is what was found."""
    assert len(lower(text)) == len(text)
    assert plain(plain(text)) == plain(text)


def test_a_pattern_is_found_at_the_borders_of_words_only() -> None:
    """`eproto` is not in `reprotocol`, and `#` is a number of any length."""
    assert Sought("eproto").places("reprotocol eproto") == [(11, 17)]
    assert Sought("http #").places("http 4040 http x") == [(0, 9)]
    assert Sought("err_{a|b} ... end*").places("err_b then some endings") == [(0, 23)]
    assert Sought("a ... b").places("a\nb") == []


@pytest.mark.parametrize("code", WHY)
def test_a_cause_is_told_in_two_sentences_and_a_step(code: str) -> None:
    """One or two sentences say what is the case, another what to do, in both languages, details filled in."""
    row = message_table()[code]
    assert 1 <= len(re.findall(r"[.?](?= |$)", row.en.fact)) <= 2
    assert row.en.next.endswith(".") or row.en.next.endswith('."')
    assert row.zh.next.endswith("。") and row.zh.fact.endswith("。")
    finding = Finding(code, {}, 1, OWN, 1, "")
    for lang in ("en", "zh"):
        assert "<" not in finding.cause(lang, **KNOWN) + finding.step(lang, **KNOWN)


def test_every_cause_of_the_table_has_its_words_and_the_other_way_round() -> None:
    """No pattern leads to a code without words, and no words are there that nothing leads to."""
    assert {symptom.code for symptom in table()} == set(WHY)


COMMAND = re.compile(r'["“]localedge ([a-z-]+)(?: ([a-z-]+)(?=[ "”]))?([^"”]*)["”]')


def test_every_command_that_is_named_exists() -> None:
    """A next step names only commands and options that this program has."""
    import click

    context = click.Context(group)
    for code in WHY:
        for words in (message_table()[code].en, message_table()[code].zh):
            for first, second, rest in COMMAND.findall(words.fact + words.next):
                command = group.get_command(context, first)
                assert command is not None, (code, first)
                if second and isinstance(command, click.Group):
                    command = command.get_command(context, second)
                    assert command is not None, (code, first, second)
                options = {name for one in command.params for name in one.opts}
                assert set(re.findall(r"--[a-z-]+", rest)) <= options, (code, rest)


def test_own_messages_need_no_fields_to_be_told() -> None:
    """A row's fields are always there, whatever the text says."""
    for code in message_table():
        if messages.entry(code).en.next:
            finding = Finding(code, {}, 1, OWN, 1, "")
            assert finding.cause("en") and finding.cause("zh")


@pytest.mark.parametrize("code", ["gateway-refused", "gateway-lost", " upstream-is-edge\n", "loop"])
def test_a_code_alone_is_explained(code: str) -> None:
    """As doctor names it; within other text it would be a word like any other."""
    assert codes(code) == [code.strip()]
    assert codes(f"the {code.strip()} of it") == []
