"""`localedge setup` as users run it: one command from nothing to a Claude Desktop that works."""

import json
import signal
import socket
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import peers
from tests.commands import PATIENCE, codes
from tests.setup_home import (
    KEY,
    Forking,
    User,
    below,
    by_x_api_key,
    claude_desktop,
    foreign,
    gateway,
    keyed,
    moving,
    unlisted,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="homes and terminals of Linux")
BASE_URL = "inferenceGatewayBaseUrl"


@pytest.fixture(scope="module")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forking]:
    """What runs the commands."""
    with Forking(tmp_path_factory.mktemp("told")) as found:
        yield found


@pytest.fixture
def user(tmp_path: Path, forking: Forking) -> User:
    """Somebody who has just installed localedge."""
    return User(tmp_path, forking)


def test_help_is_a_screenful_with_an_example(user: User) -> None:
    """The command explains itself on one screen."""
    done = user.run("setup", "--help", COLUMNS="80")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) <= 34 and max(map(len, lines)) <= 80
    assert "  Example:" in lines and "Exit codes: 0" in done.stdout


def test_from_nothing_to_a_working_desktop(user: User) -> None:
    """One command with options: the gateway is checked, written down, given to Claude, and tried."""
    with gateway(keyed) as (url, seen):
        done = user.run("setup", "--upstream", url, "--http-only", "--no-run", ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"Test connection works at {user.url}." in done.stdout
        assert done.stdout.splitlines()[-1] == f"Next: localedge run --http-only --port {user.port}"
        assert f"  export ANTHROPIC_BASE_URL={user.url}" in done.stdout.splitlines()
        profile = user.profile()
        assert (profile[BASE_URL], profile["inferenceGatewayApiKey"]) == (user.url, KEY)
        assert profile["inferenceGatewayAuthScheme"] == "x-api-key" and "inferenceModels" not in profile
        assert tomllib.loads(user.config.read_text())["gateway"] == {"url": url}
        assert KEY not in done.stdout + done.stderr
        assert KEY.encode() not in user.journal.read_bytes()
        assert user.journal.stat().st_mode & 0o777 == 0o600
        last = [asked for asked in seen if asked.line == "POST /v1/messages"][-1]
        assert last.json["max_tokens"] == 1 and last.json["messages"][0]["content"] == "."
        assert last.field(b"x-api-key") == KEY and b"localedge" in last.head.combined[b"via"]

        asked = len(seen)
        again = user.run("setup", "--no-input", "--no-run")
        assert again.returncode == 0, again.stderr
        assert again.stdout.count("done before") == 2 and "has it already" not in again.stderr
        assert f"5. Claude Desktop has {user.url} already" in again.stdout.splitlines()
        assert len(seen) == asked + 2, "only the last step is done each time"


def test_the_demo_gateway_without_a_word(user: User) -> None:
    """--yes takes the recommended answers; nothing is written into a configuration that needs nothing."""
    done = user.run("setup", "--yes", "--no-run")
    assert done.returncode == 0, done.stderr
    assert user.profile()["inferenceGatewayApiKey"] == "demo" and not user.config.exists()


def test_what_the_machine_says_counts(user: User) -> None:
    """A profile that somebody took away is written again, whatever the journal says."""
    with gateway(keyed) as (url, _):
        words = ["setup", "--yes", "--no-run"]
        assert user.run(*words, "--upstream", url, ANTHROPIC_API_KEY=KEY).returncode == 0
        assert user.run("desktop", "undo").returncode == 0
        done = user.run(*words, ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 0 and "done before" in done.stdout
        assert user.profile()[BASE_URL] == user.url
        done = user.run(*words, "--again", ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 0 and "done before" not in done.stdout


def test_nobody_to_ask(user: User) -> None:
    """Without a terminal every option that is missing is named, and nothing is touched."""
    done = user.run("setup")
    assert (done.returncode, codes(done)) == (4, ["setup-missing", "setup-missing"])
    assert "--upstream URL" in done.stderr and "--http-only / --https" in done.stderr
    assert user.files() == {}
    assert user.run("setup", "--http-only", "--https").returncode == 2


def test_a_dry_run(user: User) -> None:
    """All six steps are told, and nothing is changed."""
    done = user.run("setup", "--dry-run", "--upstream", "http://gateway.example:8000", LOCALEDGE_LANG="zh")
    assert done.returncode == 0 and "1. 网关：http://gateway.example:8000" in done.stdout
    done = user.run("setup", "--dry-run", "--upstream", "http://gateway.example:8000")
    assert [line[0] for line in done.stdout.splitlines() if line[1:3] == ". "] == list("12356")
    https = user.run("setup", "--dry-run", "--https", LOCALEDGE_CA_DIR=str(user.home / "none")).stdout
    assert "5. Claude Desktop's configuration, when the local CA is there\n6. " in https
    assert done.stdout.endswith("Nothing was changed: this was a dry run.\n") and user.files() == {}


def test_a_gateway_that_is_not_usable(user: User) -> None:
    """It says why in the check's own sentence and stops; another URL goes on from there."""
    with gateway(below("/nowhere")) as (bad, _), gateway(keyed) as (url, _):
        words = ["setup", "--http-only", "--no-run", "--upstream"]
        named = bad.replace("127.0.0.1", "localhost")  # which is looked up, in a thread
        done = user.run(*words, named, ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 1 and "[setup-unusable]" in done.stderr and "FAIL" in done.stdout
        assert not user.library.exists()
        done = user.run(*words, url, ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 0, done.stderr
        assert tomllib.loads(user.config.read_text())["gateway"]["url"] == url


def test_the_right_path_is_taken_over(user: User) -> None:
    """Where the check finds the API below another path, --yes takes that one."""
    with gateway(below("/anthropic")) as (url, _):
        done = user.run("setup", "--yes", "--no-run", "--upstream", url, ANTHROPIC_AUTH_TOKEN=KEY)
        assert done.returncode == 0, done.stdout + done.stderr
    assert tomllib.loads(user.config.read_text())["gateway"]["url"] == f"{url}/anthropic"


def test_a_gateway_that_moves_in_a_circle(user: User) -> None:
    """No correction is taken twice: it ends, with the check's sentence."""
    with gateway(moving) as (url, _):
        done = user.run("setup", "--yes", "--no-run", "--upstream", url, ANTHROPIC_AUTH_TOKEN=KEY)
    assert done.returncode == 1 and codes(done)[-1] == "setup-unusable", done.stdout


def test_another_key(user: User, tmp_path: Path) -> None:
    """A key that is given is the one that Claude Desktop has in the end, also where all is done."""
    with gateway(keyed) as (url, _):
        words = ["setup", "--yes", "--no-run", "--upstream", url]
        assert user.run(*words, ANTHROPIC_API_KEY=KEY).returncode == 0
        file = tmp_path / "key"
        file.write_text(f"{KEY}-new\n")
        done = user.run(*words, "--key-file", str(file))
        assert done.returncode == 0, done.stderr
        assert user.profile()["inferenceGatewayApiKey"] == f"{KEY}-new"
        assert user.profile()["inferenceGatewayAuthScheme"] == "x-api-key", "as the check has found"
        done = user.run(*words[:-1], "demo")
        assert done.returncode == 0 and user.profile()["inferenceGatewayApiKey"] == "demo"


def test_models_that_nobody_lists(user: User) -> None:
    """A gateway without a list of models: Claude Desktop is told the one that answered."""
    with gateway(unlisted) as (url, _):
        done = user.run("setup", "--yes", "--no-run", "--upstream", url, ANTHROPIC_AUTH_TOKEN=KEY)
        assert done.returncode == 0, done.stdout + done.stderr
        assert user.profile()["inferenceModels"] == ["claude-opus-4"]
        done = user.run("setup", "--yes", "--no-run", "--model", "claude-sonnet-4")
        assert done.returncode == 0 and user.profile()["inferenceModels"] == ["claude-sonnet-4"]


def test_the_questions(user: User) -> None:
    """At a terminal: each mistake is told and asked again, the key is not shown, Ctrl-C ends the edge."""
    with gateway(below("/anthropic")) as (url, _):
        status, seen = user.talk(
            "setup",
            answers=[
                ("Enter for demo", url.removeprefix("http://")),
                ("Enter for demo", url),
                ("not shown", KEY),
                ("Use that? [Y/n]", ""),
                ("How is Claude", "perhaps"),
                ("How is Claude", "1"),
                ("Write this", ""),
                ("Ctrl-C stops", "^C"),
            ],
        )
    assert status == 0, seen
    assert "[url-no-scheme]" in seen and "That is none of the answers." in seen and KEY not in seen
    assert f"Test connection works at {user.url}." in seen and "Stopping" in seen
    assert user.profile()["inferenceGatewayApiKey"] == KEY
    assert tomllib.loads(user.config.read_text())["gateway"]["url"] == f"{url}/anthropic"


def test_stopped_and_resumed(user: User) -> None:
    """The word "stop" ends it; the next run goes on there, and tries the key that it has to ask for again."""
    with gateway(by_x_api_key) as (url, _):
        before = [("Enter for demo", url), ("not shown", KEY), ("How is Claude", ""), ("Write this", "stop")]
        status, seen = user.talk("setup", "--no-run", answers=before)
        assert status == 1 and "[setup-stopped]" in seen
        again = [("try again", ""), (f"Enter for {url}", "")]
        answers = [("not shown", f"{KEY}-not"), *again, ("not shown", KEY), ("Write this", "")]
        status, seen = user.talk("setup", "--no-run", answers=answers)
        assert status == 0, seen
    assert "1. Gateway: " in seen and seen.count("done before") == 1 and KEY not in seen
    profile = user.profile()
    assert (profile["inferenceGatewayApiKey"], profile["inferenceGatewayAuthScheme"]) == (KEY, "x-api-key")


def test_a_key_that_ends(user: User) -> None:
    """Where Claude's key works no more, the next run asks the gateway, and then for another key."""
    keys = [KEY]
    with gateway(lambda asked: keyed(asked, keys[0])) as (url, _):
        words = ["setup", "--http-only", "--no-run"]
        assert user.run(*words, "--upstream", url, ANTHROPIC_API_KEY=KEY).returncode == 0
        keys[0] = "sk-another"
        done = user.run(*words)
        assert done.returncode == 1 and "does not work" in done.stdout
        assert "The key is refused, sent as x-api-key: HTTP 401" in done.stdout, done.stdout
        answers = [("try again", ""), ("Enter for", ""), ("not shown", keys[0]), ("Write this", "")]
        status, seen = user.talk(*words, answers=answers)
        assert status == 0, seen
        # and one that was given
        answers = [("Enter for", ""), *answers[:-1]]
        status, seen = user.talk(*words, "--again", answers=answers, ANTHROPIC_API_KEY=KEY)
        assert status == 0, seen
    assert user.profile()["inferenceGatewayApiKey"] == "sk-another"


def test_a_key_in_the_wrong_place(user: User) -> None:
    """A key typed for a URL is not repeated, nor bytes that are no text; the end of the input is told."""
    status, seen = user.talk(
        "setup",
        answers=[
            ("Enter for demo", KEY),
            ("[setup-key-for-url]", "\udcff\udcfe"),
            ("[url-no-scheme]", "http://127.0.0.1:9"),
            ("not shown", "two words"),
            ("[check-key-bad]", "\udcff\udcfe"),
            ("[check-key-bad]", "^D"),
        ],
    )
    assert status == 1 and "[setup-stopped]" in seen
    assert seen.count(KEY) == 1, "the terminal's echo"


def test_uninstall_and_others_meanwhile(user: User) -> None:
    """Nothing is undone under a setup; what is edited under it is not served as what was chosen."""

    def meanwhile() -> None:
        done = user.uninstall("--yes")
        assert done.returncode == 1 and codes(done) == ["busy-elsewhere"], done.stderr
        user.config.write_text('[gateway]\nurl = "http://other.example"\n')

    with gateway(keyed) as (url, _):
        words = ["setup", "--http-only", "--no-run", "--upstream", url]
        status, seen = user.talk(*words, answers=[("Write this", meanwhile)], ANTHROPIC_API_KEY=KEY)
    assert status == 1 and "http://other.example" in seen and "[setup-gateway-changed]" in seen
    assert "Listening" not in seen


def test_models_of_others(user: User) -> None:
    """A gateway that works, and whose models Claude Desktop does not show, is no success."""
    with gateway(foreign) as (url, _):
        words = ["setup", "--http-only", "--no-run", "--upstream", url]
        done = user.run(*words, ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 1, done.stdout + done.stderr
        check, _, rest = done.stdout.partition("2. Check: usable")
        assert "shows none of these ids: gpt-5.5" in check and "works at" in rest
        assert "Claude Desktop will show no model" in rest
        assert user.run(*words, "--no-desktop", ANTHROPIC_API_KEY=KEY).returncode == 0
    done = user.run("setup", "--yes", "--model", "bad model")
    assert done.returncode == 1 and "Check" not in done.stdout, "told before anything is done"


def test_ctrl_c_at_a_question_and_in_the_check(user: User) -> None:
    """Ctrl-C at any time: no traceback, exit status 130, and the next run goes on."""
    status, seen = user.talk("setup", answers=[("Enter for demo", "^C")])
    assert status == 130 and "Traceback" not in seen
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        status, seen = user.talk("setup", answers=[("Enter for", url), ("not shown", KEY), ("Waiting", "^C")])
    assert status == 130 and "Traceback" not in seen
    assert json.loads(user.journal.read_text())["done"] == ["gateway"]


def test_an_unusable_gateway_at_a_terminal(user: User) -> None:
    """Somebody may go on all the same, leave Claude alone, and is told that the test fails."""
    with gateway(below("/nowhere")) as (url, _):
        status, seen = user.talk(
            "setup",
            "--no-run",
            answers=[
                ("Enter for demo", url),
                ("not shown", KEY),
                ("try again", "again"),
                (f"Enter for {url}", ""),
                ("not shown", KEY),
                ("try again", "go"),
                ("How is Claude", ""),
                ("Write this", "skip"),
            ],
        )
    assert status == 1 and "Test connection does not work" in seen, seen
    assert not user.library.exists()


def test_the_users_own_configuration(user: User) -> None:
    """Only the URL changes in a file that is there: comments, order, line ends and mode stay."""
    mine = '# mine\r\n[log]\r\nlevel = "warning" # quiet\r\n[gateway]\r\nurl = "http://old.example" # was\r\n'
    user.write_config(mine)
    user.config.chmod(0o640)
    with gateway(keyed) as (url, _):
        done = user.run("setup", "--yes", "--no-run", "--upstream", url, ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 0, done.stderr
    assert user.config.read_bytes() == mine.replace("http://old.example", url).encode()
    assert user.config.stat().st_mode & 0o777 == 0o640
    done = user.uninstall("--yes")
    assert done.returncode == 0, done.stderr
    assert user.files() == {".config/localedge/config.toml": mine.encode()}
    assert user.config.stat().st_mode & 0o777 == 0o640


def test_a_configuration_with_a_wrong_url(user: User) -> None:
    """A URL that is no good is no reason not to ask for another one; other mistakes are."""
    user.write_config('[gateway]\nurl = "gateway.example"\n')
    done = user.run("setup", "--yes", "--no-run", "--upstream", "demo")
    assert done.returncode == 0, done.stderr
    assert user.config.read_text() == '[gateway]\n# url = "gateway.example"\n'
    user.write_config('[gateway]\ninsecure = "perhaps"\n')
    done = user.run("setup", "--yes", "--no-run")
    assert done.returncode == 1 and codes(done) == ["bad-switch"]


def test_variables_that_go_before_the_file(user: User) -> None:
    """What a variable would override is not written for nothing."""
    words = ["setup", "--yes", "--no-run", "--upstream", "http://127.0.0.1:9"]
    done = user.run(*words, LOCALEDGE_UPSTREAM="http://other.example")
    assert done.returncode == 1 and codes(done) == ["setup-variable-wins"]
    # a shell that has the lines for Claude Code already
    done = user.run("setup", "--yes", "--no-run", ANTHROPIC_BASE_URL=user.url)
    assert done.returncode == 0, done.stderr


def test_an_edge_that_runs_already(user: User) -> None:
    """It is the one that is tried; no second one is started."""
    with gateway(keyed) as (url, _):
        user.write_config(f'[gateway]\nurl = "{url}"\n')
        with user.running("run", "--http-only", "--quiet") as edge:
            assert edge.stdout is not None and edge.stdout.readline().startswith("Listening")
            user.config.touch()
            done = user.run("setup", "--yes", ANTHROPIC_API_KEY=KEY)
            assert done.returncode == 0, done.stdout + done.stderr
            assert f"already (pid {edge.pid})" in done.stdout and "works at" in done.stdout
            assert "Listening" not in done.stdout


def test_an_edge_of_somebody_else(user: User, tmp_path: Path) -> None:
    """An edge whose note is elsewhere is tried; that nobody knows its gateway is said."""
    with gateway(keyed) as (url, _):
        user.write_config(f'[gateway]\nurl = "{url}"\n')
        places = {"XDG_RUNTIME_DIR": "", "TMPDIR": str(tmp_path)}
        with user.running("run", "--http-only", "--quiet", **places) as edge:
            assert edge.stdout is not None and edge.stdout.readline().startswith("Listening")
            done = user.run("setup", "--yes", ANTHROPIC_API_KEY=KEY)
    assert done.returncode == 0 and f"already (pid {edge.pid})" in done.stdout
    assert "which gateway it has cannot be told" in done.stdout


@pytest.mark.parametrize("by", ["words", "variable", "file"])
def test_an_edge_with_another_gateway(user: User, by: str) -> None:
    """An edge that was started for another gateway is named, not tried, however it was told."""
    other = user.home / "other.toml"
    other.write_text('[gateway]\nurl = "http://other.example"\n')
    words = {"words": ["--upstream", "http://other.example"], "file": ["--config", str(other)]}.get(by, [])
    environ = {"LOCALEDGE_UPSTREAM": "http://other.example"} if by == "variable" else {}
    with gateway(keyed) as (url, _):
        user.write_config(f'[gateway]\nurl = "{url}"\n')
        with user.running("run", "--http-only", "--quiet", *words, **environ) as edge:
            assert edge.stdout is not None and edge.stdout.readline().startswith("Listening")
            done = user.run("setup", "--yes", "--no-run", ANTHROPIC_API_KEY=KEY)
    assert done.returncode == 1 and f"(pid {edge.pid})" in done.stderr
    assert codes(done)[-1] == "setup-other-edge"


def test_a_port_that_somebody_else_has(user: User) -> None:
    """It is told before Claude Desktop is given that port, with what setup itself goes by."""
    with gateway(keyed, user.port), gateway(keyed) as (url, _):
        words = ["setup", "--http-only", "--no-run", "--upstream", url]
        done = user.run(*words, ANTHROPIC_API_KEY=KEY)
    assert done.returncode == 1 and "[port-in-use-by]" in done.stderr and not user.library.exists()
    assert "LOCALEDGE_PORT" in done.stderr


def test_it_serves_until_it_is_stopped(user: User) -> None:
    """After the test it goes on like `localedge run`, and says how to start it the next time."""
    config = user.home / "my.toml"
    config.write_text("")
    with user.running("setup", "--yes", "--config", str(config)) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "Ctrl-C stops the edge" in line)
        assert line.endswith(f"Next time: localedge run --http-only --port {user.port} --config {config}\n")
        with socket.create_connection(("127.0.0.1", user.port), PATIENCE) as client:
            client.sendall(b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200 OK")
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(PATIENCE) == 0, rest


def test_a_client_token(user: User) -> None:
    """The test brings the token that Claude Desktop was given; Claude Code's lines have a place for it."""
    token = "t0ken-0123456789abcdef"
    done = user.run("setup", "--yes", "--no-run", LOCALEDGE_CLIENT_TOKEN=token)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  export ANTHROPIC_CUSTOM_HEADERS=" in done.stdout and token not in done.stdout
    assert user.profile()["inferenceCustomHeaders"] == {"x-localedge-token": token}


def test_while_claude_runs(user: User, tmp_path: Path) -> None:
    """Nothing is written while Claude Desktop runs: somebody at the terminal is asked to quit it."""
    with gateway(keyed) as (url, _), claude_desktop(user, tmp_path, peers.need("sleep")) as claude:
        words = ["setup", "--no-run", "--upstream", url]
        done = user.run(*words, "--yes", ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 1 and codes(done)[-1] == "desktop-running"
        answers = [("Write this", ""), (f"(pid {claude.pid})", ""), (f"(pid {claude.pid})", "skip")]
        status, seen = user.talk(*words, answers=answers, ANTHROPIC_API_KEY=KEY)
        assert status == 0 and "left alone" in seen and not user.library.exists(), seen
    user.set_up()
    assert user.profile()[BASE_URL] == user.url


@pytest.mark.parametrize("content", [b"{", b'{"version": 9}', b"[]"])
def test_a_damaged_journal(user: User, content: bytes) -> None:
    """A record that cannot be read is never taken for none: what the file was before stands in it."""
    user.journal.parent.mkdir(parents=True, mode=0o700)
    user.journal.write_bytes(content)
    user.journal.chmod(0o600)
    done = user.run("setup", "--yes", "--no-run")
    assert (done.returncode, codes(done)) == (1, ["setup-journal-damaged"])
    assert user.journal.read_bytes() == content


def test_killed_at_every_step(tmp_path: Path, forking: Forking) -> None:
    """Whatever it is killed at, everything can be undone to the byte, and a second setup ends well."""
    mine = '# mine\n[gateway]\nurl = "http://old.example" # was\n'
    kills = 0
    with gateway(keyed) as (url, _):
        for number in range(1, 200):
            user = User(tmp_path / str(number), forking)
            user.write_config(mine)
            before = user.files()
            words = ["setup", "--yes", "--no-run", "--upstream", url]
            done = user.run(*words, killed_at=number, ANTHROPIC_API_KEY=KEY).returncode
            if done == 0:
                break
            assert done == -signal.SIGKILL
            kills += 1
            if number % 2:
                assert user.run(*words, ANTHROPIC_API_KEY=KEY).returncode == 0
                assert user.profile()[BASE_URL] == user.url
            undone = user.uninstall("--yes")
            assert undone.returncode == 0, (number, undone.stdout, undone.stderr)
            assert user.files() == before, number
    assert kills > 15
