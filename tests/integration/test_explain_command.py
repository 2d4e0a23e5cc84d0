"""`localedge explain` as users run it: text, logs of any size, pipes."""

import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from localedge.cli import main
from localedge.cli.explain import MIB, TAIL
from tests import peers
from tests.commands import PATIENCE, command, one_line, run

ERROR = "Gateway was unreachable: net::ERR_SSL_PROTOCOL_ERROR"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="named pipes and memory limits of POSIX systems")


def piped(content: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    """The command with something on standard input."""
    return subprocess.run(command("explain", *words), input=content, capture_output=True, timeout=PATIENCE)


def test_an_error_is_explained_with_the_next_step() -> None:
    """The cause, what to do, what was seen and who says so, on standard output."""
    done = run("explain", ERROR)
    assert (done.returncode, done.stderr) == (0, "")
    cause, step, seen, source = done.stdout.splitlines()
    assert cause.startswith("The client spoke HTTPS to a port that speaks plain HTTP.")
    assert step.startswith("  Next: Write http://127.0.0.1:18080 as the base URL")
    assert seen == "  Seen: net::ERR_SSL_PROTOCOL_ERROR" or seen.endswith("ERR_SSL_PROTOCOL_ERROR")
    assert source.startswith("  Source: https://")


def test_words_need_no_quotes() -> None:
    """A text without quotes is put together again."""
    assert run("explain", *ERROR.split()).stdout == run("explain", ERROR).stdout


def test_the_urls_are_those_of_this_configuration() -> None:
    """What to write is what this edge listens on; a configuration that is broken is no hindrance."""
    assert "Write http://127.0.0.1:1234 as" in run("explain", ERROR, LOCALEDGE_PORT="1234").stdout
    broken = run("explain", ERROR, LOCALEDGE_PORT="many")
    assert broken.returncode == 0 and "Write http://127.0.0.1:18080 as" in broken.stdout


def test_it_speaks_chinese() -> None:
    """`--lang zh` explains in Chinese."""
    done = run("explain", "--lang", "zh", ERROR, PYTHONIOENCODING="utf-8")
    assert (
        done.returncode == 0 and done.stdout.startswith("客户端用 HTTPS 连接了") and "下一步：" in done.stdout
    )


def test_what_is_not_known_is_said_so() -> None:
    """An unknown text exits 1 and says what to collect for a report."""
    line = one_line(run("explain", "the moon is full"), "explain-unknown")
    assert "not known" in line and "localedge doctor --bundle" in line


def test_nothing_to_explain_is_a_usage_mistake() -> None:
    """An empty standard input is no text, and a text and a log together are one too many."""
    assert run("explain").returncode == 1, "standard input is /dev/null: an unknown text"
    one_line(run("explain", "--file", "x", "text"), "explain-text-and-file", 2)


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX systems")
def test_at_a_terminal_it_does_not_wait_for_input() -> None:
    """Who types only `localedge explain` is told how to use it."""
    ours, theirs = os.openpty()
    try:
        done = subprocess.run(
            command("explain"), stdin=theirs, capture_output=True, encoding="utf-8", timeout=PATIENCE
        )
    finally:
        os.close(ours)
        os.close(theirs)
    one_line(done, "explain-nothing", 2)


def test_json_has_all_of_it() -> None:
    """Programs get every cause, with its rank and its source."""
    done = run("explain", "--json", "ENOTFOUND x\nnet::ERR_CERT_AUTHORITY_INVALID\n")
    document = json.loads(done.stdout)
    assert done.returncode == 0 and document["known"] is True
    assert [finding["code"] for finding in document["findings"]] == ["why-untrusted", "why-unresolved"]
    assert all(
        finding["next"] and finding["source"].startswith("https://") for finding in document["findings"]
    )
    unknown = run("explain", "--json", "the moon is full")
    assert unknown.returncode == 1 and json.loads(unknown.stdout)["findings"] == []


@pytest.mark.parametrize("words", [(), ("-",)])
def test_standard_input_is_read(words: tuple[str, ...]) -> None:
    """`claude ... 2>&1 | localedge explain` works, with or without the dash."""
    done = piped(b"one\r\n\x1b[31mnet::ERR_CONNECTION_REFUSED\x1b[0m\r\n\xff\xfe", *words)
    assert done.returncode == 0 and done.stdout.startswith(b"Nothing listens at the address")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
@pytest.mark.parametrize("by_name", [True, False])
def test_a_log_is_read(tmp_path: Path, encoding: str, by_name: bool) -> None:
    """A log is named with --file or just so, whatever its encoding."""
    log = tmp_path / "日志 main.log"
    log.write_bytes(f"开始\r\n{ERROR}\r\n".encode(encoding))
    done = run("explain", *(["--file"] if by_name else []), str(log))
    assert done.returncode == 0 and done.stdout.startswith("The client spoke HTTPS")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_large_log_is_read_from_its_end(tmp_path: Path, encoding: str) -> None:
    """Of 200 MB the end is looked at, quickly and in little memory, and it is said that there was more."""
    log = tmp_path / "main.log"
    mark = b"\xff\xfe" if encoding == "utf-16-le" else b""
    with log.open("wb") as file:
        file.write(mark + "net::ERR_NAME_NOT_RESOLVED\n".encode(encoding))
        file.truncate(200 * MIB)
        file.seek(0, os.SEEK_END)
        file.write(f"\n{ERROR}\n".encode(encoding))
    script = (
        "import sys\n"
        "from localedge.cli import main\n"
        "status = main(['explain', '--file', sys.argv[1]])\n"
        # not ru_maxrss, which remembers the process that it was forked from
        "said = open('/proc/self/status').read() if sys.platform == 'linux' else 'VmHWM: 0'\n"
        "print(said.partition('VmHWM:')[2].split()[0], file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(log)], capture_output=True, encoding="utf-8", timeout=PATIENCE
    )
    assert done.returncode == 0 and done.stdout.startswith("The client spoke HTTPS")
    assert "NAME_NOT_RESOLVED" not in done.stdout
    told, used = done.stderr.splitlines()
    assert told == f"Only the end of {log} was read: the last {TAIL // MIB} of 200 MiB."
    if sys.platform == "linux":
        assert int(used) < 200 * 1024, "KiB"


def test_a_long_input_is_looked_at_from_its_end() -> None:
    """The same for what comes through a pipe."""
    done = piped(b"net::ERR_NAME_NOT_RESOLVED\n" + b"all is well\n" * (2 * MIB) + ERROR.encode() + b"\n", "-")
    assert done.returncode == 0 and done.stdout.startswith(b"The client spoke HTTPS")
    assert b"NAME_NOT_RESOLVED" not in done.stdout and done.stderr.startswith(b"Only the end of the input")


@POSIX
def test_a_pipe_with_a_name_is_read(tmp_path: Path) -> None:
    """`localedge explain --file <(command)` works."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(command("explain", "--file", str(pipe)), stdout=subprocess.PIPE) as process:
        pipe.write_text(ERROR)
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and output.startswith(b"The client spoke HTTPS")


@POSIX
def test_a_pipe_that_nobody_writes_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told that there is a wait, and it ends."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr("localedge.cli.explain.PATIENCE", 0)
    monkeypatch.setattr("localedge.cli.explain._SOON", 0)
    assert main(["explain", "--file", str(pipe)]) == 1
    assert capsys.readouterr().err.endswith("[explain-no-writer]\n")
    monkeypatch.setattr("localedge.cli.explain.PATIENCE", PATIENCE)
    late = threading.Timer(0.1, lambda: pipe.write_text(ERROR))
    late.start()
    assert main(["explain", str(pipe)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("The client spoke HTTPS") and err.startswith("Waiting for a program")
    late.join()


@POSIX
@pytest.mark.parametrize(
    ("script", "status"), [("echo {}", 0), ("true", 1), ("sleep 0.3; echo {}", 0), ("echo {}; sleep 0.3", 0)]
)
def test_what_a_shell_makes_of_a_command(script: str, status: int) -> None:
    """`<(command)` in bash, whenever the command writes and ends."""
    line = f"{shlex.join(command('explain'))} --file <({script.format(shlex.quote(ERROR))})"
    done = subprocess.run([peers.need("bash"), "-c", line], capture_output=True, timeout=PATIENCE)
    assert done.returncode == status and done.stdout.startswith(
        b"The client spoke HTTPS"[: 30 * (1 - status)]
    )


def test_a_log_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """A missing file and a directory are one line with what to do, not a traceback."""
    one_line(run("explain", "--file", str(tmp_path / "nothing.log")), "explain-unreadable")
    one_line(run("explain", "--file", str(tmp_path)), "explain-unreadable")
    one_line(run("explain", "--file", "a\n" * 5000), "explain-unreadable")


def test_R23_a_key_in_the_text_is_not_shown(tmp_path: Path) -> None:
    """R23: an error pasted with its key, as text or in a log, never shows the key again."""
    key = "sk-ant-api03-" + "Ab1" * 12
    text = (
        f"curl -H 'x-api-key: {key}' http://u:{key}@127.0.0.1:18080/\n"
        f"model: {key} not_found_error model: {key}\n"
        f'localedge: --upstream: "{key}" is a path, but a URL with a host is needed. [url-path-not-host]\n'
    )
    log = tmp_path / "log"
    log.write_text(text)
    for words in ([text], ["--json", text], ["--file", str(log)], ["--lang", "zh", text]):
        done = run("explain", *words, PYTHONIOENCODING="utf-8")
        assert done.returncode == 0 and "Ab1Ab1" not in done.stdout + done.stderr


def test_what_the_edge_says_of_itself_is_explained() -> None:
    """A failure of `localedge run` piped into `explain` comes out as its own explanation."""
    failed = run("run", "--http-only", "--upstream", "gateway.example:8000")
    assert failed.returncode == 1
    done = piped(failed.stderr.encode(), "--json")
    [finding] = json.loads(done.stdout)["findings"]
    assert finding["code"] == "url-no-scheme" and "http://gateway.example:8000" in finding["next"]
