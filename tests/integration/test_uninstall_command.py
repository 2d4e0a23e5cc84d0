"""`localedge uninstall`: everything as it was, and what is left is named."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests import peers
from tests.commands import PATIENCE, codes
from tests.desktop_homes import tree
from tests.sandbox import Sandbox
from tests.setup_home import KEY, Forking, User, claude_desktop, gateway, keyed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="homes and namespaces of Linux")
STRANGER = 4711
"""A user without rights."""
HOSTS = b"127.0.0.1\tlocalhost\n# mine\r\n::1 localhost"


@pytest.fixture(scope="module")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forking]:
    """What runs the commands."""
    with Forking(tmp_path_factory.mktemp("told")) as found:
        yield found


@pytest.fixture
def user(tmp_path: Path, forking: Forking) -> User:
    """Somebody with a home."""
    return User(tmp_path, forking)


class Machine(Sandbox):
    """A machine with an /etc and a loopback of its own besides."""

    def __init__(self, place: Path) -> None:
        super().__init__(place)
        peers.need("ip")
        etc = place / "etc"
        subprocess.run(["cp", "-a", "/etc", str(etc)], check=True)
        self.hosts = etc / "hosts"
        self.hosts.write_bytes(HOSTS)
        self._bound = {"/etc": etc, **self._bound}

    def _argv(self, argv: Sequence[str], user: int | None) -> list[str]:
        whole = super()._argv(argv, user)
        at = whole.index("-c") + 1
        return [*whole[:at], f"ip link set lo up && {whole[at]}", *whole[at + 1 :]]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A Debian in a namespace."""
    return Machine(tmp_path)


SETUP = ("setup", "--https", "--yes", "--no-run", "--upstream", "demo")


def test_https_set_up_and_undone(machine: Machine) -> None:
    """With HTTPS the test goes by the mapped name; undone, every file is what it was, byte for byte."""
    before = machine.snapshot()
    plan = machine.localedge(*SETUP, "--dry-run")
    assert plan.returncode == 0 and "+127.0.0.1 localedge.test" in plan.stdout, plan.stderr
    assert machine.snapshot() == before and not machine.authority.exists()
    done = machine.localedge(*SETUP)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Test connection works at https://localedge.test:18443." in done.stdout
    assert done.stdout.splitlines()[-1] == "Next: localedge run"
    again = machine.localedge("setup", "--yes", "--no-run")
    assert again.returncode == 0 and "4. The local CA is trusted in every store" in again.stdout
    assert "   localedge.test: leads to this machine" in again.stdout.splitlines()
    assert b"localedge.test" in machine.hosts.read_bytes() and machine.nicknames()

    told = machine.localedge("uninstall", "--dry-run")
    assert told.returncode == 0 and "localedge.test in /etc/hosts" in told.stdout
    undone = machine.localedge("uninstall", "--yes")
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert machine.snapshot() == before and machine.nicknames() == []
    assert machine.hosts.read_bytes() == HOSTS
    assert not (machine.data / "localedge").exists()
    assert "nothing to undo" in machine.localedge("uninstall", "--yes").stdout


def test_a_store_that_lost_the_root(machine: Machine) -> None:
    """What somebody took out of a store or the hosts file is put in again: the machine counts."""
    assert machine.localedge(*SETUP).returncode == 0
    assert machine.localedge("untrust-ca", "--yes").returncode == 0
    machine.hosts.write_bytes(HOSTS)
    done = machine.localedge("setup", "--yes", "--no-run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "debian: trusted now" in done.stdout and b"localedge.test" in machine.hosts.read_bytes()


def test_without_the_rights(machine: Machine) -> None:
    """Who is not root is told which command needs a person; what was done till then is undone."""
    machine.program("sudo", "exit 1")
    before = machine.snapshot()
    done = machine.localedge(*SETUP, "--no-input", user=STRANGER)
    assert done.returncode == 4 and codes(done)[-1] == "setup-person", done.stdout + done.stderr
    assert 'Run "localedge trust-ca", then "localedge setup" again' in done.stderr and machine.nicknames()
    undone = machine.localedge("uninstall", "--no-input", user=STRANGER)
    assert undone.returncode == 0, undone.stdout + undone.stderr
    assert machine.snapshot() == before and machine.nicknames() == []


def test_names_that_only_root_may_take_out(machine: Machine) -> None:
    """The hosts file needs root: the rest goes, and the command for it is told, with the status for that."""
    assert machine.localedge("hosts", "add").returncode == 0
    assert machine.localedge("desktop", "apply").returncode == 0
    done = machine.localedge("uninstall", "--no-input", user=STRANGER)
    assert (done.returncode, codes(done)) == (4, ["hosts-needs-root"]), done.stdout + done.stderr
    assert "hosts remove" in done.stderr and not (machine.home / ".config/Claude-3p").exists()
    assert machine.localedge("uninstall").returncode == 0 and machine.hosts.read_bytes() == HOSTS


def test_json(user: User) -> None:
    """One document: each part with its outcome, what is left, the exit status."""
    user.set_up()
    done = user.uninstall("--json", "--yes")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert [(one["part"], one["outcome"]) for one in document["parts"]] == [
        ("desktop", "undone"),
        ("config", "undone"),
    ]
    assert document["exit_status"] == 0 and document["dry_run"] is False
    assert json.loads(user.uninstall("--json").stdout)["parts"] == [] and user.files() == {}


def test_a_part_that_fails_holds_nothing_else_up(user: User, tmp_path: Path) -> None:
    """While Claude runs its files stay; the others go, and the next run does the rest."""
    user.set_up()
    with claude_desktop(user, tmp_path, peers.need("sleep")):
        done = user.uninstall("--yes")
        assert (done.returncode, codes(done)) == (1, ["desktop-running"])
        assert not user.config.exists() and user.library.exists()
    done = user.uninstall()
    assert done.returncode == 0 and user.files() == {}
    assert list(user.home.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_ended_while_it_waits(user: User, tmp_path: Path, number: signal.Signals) -> None:
    """A window that is closed, and a machine that is shut down, leave no lock and no directory of ours."""
    before = tree(user.home)
    inherited = signal.signal(number, signal.SIG_DFL)  # these tests may be run under nohup
    try:
        with (
            claude_desktop(user, tmp_path, peers.need("sleep")),
            user.running("desktop", "apply", "--wait", ANTHROPIC_API_KEY=KEY) as process,
        ):
            assert process.stdout is not None and "Quit" in process.stdout.readline()
            assert user.journal.with_name(".desktop.lock").exists()
            process.send_signal(number)
            assert process.wait(PATIENCE) == 128 + number
    finally:
        signal.signal(number, inherited)
    assert tree(user.home) == before


def test_a_broken_configuration(user: User) -> None:
    """Undoing works whatever is wrong with the configuration, and a file of the user's own stays."""
    user.write_config("[gateway]\n")
    user.set_up()
    mine = user.write_config("[gateway\nurl =")
    done = user.uninstall()
    assert done.returncode == 0 and "[config-" in done.stderr
    assert user.files() == {".config/localedge/config.toml": mine}


def test_a_configuration_that_was_changed_since(user: User) -> None:
    """What somebody has written to since stays, and the gateway is the one from before setup."""
    mine = user.write_config('[gateway]\nurl = "http://old.example" # was\n')
    user.set_up()
    with user.config.open("a") as file:
        file.write("[listen]\nport = 18080\n")
    done = user.uninstall()
    assert done.returncode == 0 and f"{user.config} has been changed since setup: only" in done.stdout
    mine += b"[listen]\nport = 18080\n"
    assert user.files() == {".config/localedge/config.toml": mine}
    user.set_up()
    theirs = user.write_config('[gateway]\nurl = "http://theirs.example"\n')
    done = user.uninstall("--json", "--yes")
    assert done.returncode == 0 and user.files() == {".config/localedge/config.toml": theirs}
    (config,) = [part for part in json.loads(done.stdout)["parts"] if part["part"] == "config"]
    assert config["details"] == [
        {"path": str(user.config), "became": "changed", "url": "http://old.example"},
    ]


@pytest.mark.parametrize(
    ("since", "told"),
    [
        (None, "is gone; it named no gateway before setup"),
        (
            "\n[listen]\nport = 18080\n",
            "has been changed since setup: only the gateway's URL is gone from it",
        ),
        ('\nurl = "http://theirs.example"\n', "has another gateway than setup wrote"),
    ],
)
def test_a_configuration_that_named_no_gateway(user: User, since: str | None, told: str) -> None:
    """Where there was no URL before, none is told."""
    user.write_config('[log]\nlevel = "info"\n')
    user.set_up()
    if since is None:
        user.config.unlink()
    else:
        user.config.write_text(user.config.read_text() + since)
    done = user.uninstall("--yes")
    assert done.returncode == 0 and f"{user.config} {told}" in done.stdout, done.stdout
    assert "(-)" not in done.stdout and "was -" not in done.stdout


def test_two_configurations(user: User) -> None:
    """Setup was told of one file, and then of another: both are what they were."""
    files = [user.home / "a.toml", user.home / "b.toml"]
    for file in files:
        file.write_text('[gateway]\nurl = "http://old.example"\n')
    before = user.files()
    for file in files:
        user.set_up("--config", str(file))
    done = user.uninstall("--yes")
    assert done.returncode == 0 and user.files() == before, done.stdout + done.stderr


def test_a_language_that_nobody_has(user: User) -> None:
    """What is wrong with the command itself is told before anything is undone."""
    user.write_config("[log]\n")
    done = user.uninstall("--lang", "xx", "--yes")
    assert done.returncode in (1, 2) and codes(done) == ["bad-choice"], done.stderr


def test_a_damaged_record(user: User) -> None:
    """What setup wrote cannot be known then: that is told once, the rest goes, and the record stays."""
    user.set_up()
    user.config.unlink()
    user.journal.write_bytes(b"{")
    done = user.uninstall()
    assert (done.returncode, codes(done)) == (1, ["setup-journal-damaged"])
    assert user.files().pop(str(user.journal.relative_to(user.home))) == b"{" and not user.library.exists()


def test_the_configuration_may_stay(user: User) -> None:
    """--keep-config leaves the file as setup wrote it, and a later run can still put it back."""
    user.set_up()
    written = user.config.read_bytes()
    assert user.uninstall("--keep-config").returncode == 0
    assert user.config.read_bytes() == written and not user.library.exists()
    assert user.uninstall().returncode == 0 and user.files() == {}


def test_killed_at_every_step(tmp_path: Path, forking: Forking) -> None:
    """Whatever it is killed at, a second run undoes the rest to the byte."""
    kills = 0
    with gateway(keyed) as (url, _):
        for number in range(1, 100):
            user = User(tmp_path / str(number), forking)
            mine = user.write_config('[gateway]\nurl = "http://old.example" # was\n')
            words = ["setup", "--yes", "--no-run", "--upstream", url]
            assert user.run(*words, ANTHROPIC_API_KEY=KEY).returncode == 0
            status = user.uninstall(killed_at=number).returncode
            done = user.uninstall()
            assert done.returncode == 0, (number, done.stdout, done.stderr)
            assert user.files() == {".config/localedge/config.toml": mine}, number
            if status == 0:
                break
            assert status == -signal.SIGKILL
            kills += 1
    assert kills > 8


def test_what_is_left(user: User) -> None:
    """A running edge, lines in shell profiles, a bundle, the package: each is named with what to do."""
    (user.home / ".bashrc").write_text(
        f"alias x=y\nexport ANTHROPIC_BASE_URL={user.url}\n# export ANTHROPIC_BASE_URL={user.url}\n"
    )
    (user.home / ".zshrc").write_text("export ANTHROPIC_BASE_URL=https://gateway.example\n")
    (user.home / ".profile").write_text('eval "$(localedge env)"\n')
    before = user.files()
    bundle = user.journal.with_name("bundle.pem")
    user.set_up()
    bundle.write_text("-")
    with (
        user.running("run", "--http-only", "--quiet") as edge,
        user.running("run", "--http-only", "--quiet", "--port", "0") as other,
    ):
        for one in (edge, other):
            assert one.stdout is not None and one.stdout.readline().startswith("Listening")
        done = user.uninstall(ANTHROPIC_BASE_URL=user.url)
        assert done.returncode == 0, done.stderr
        assert f"port {user.port} (pid {edge.pid})" in done.stdout
        assert f"(pid {other.pid})" in done.stdout
        codes_left = [one["code"] for one in json.loads(user.uninstall("--json").stdout)["left"]]
        assert "uninstall-left-edge" in codes_left
    lines = done.stdout.partition("What is left, and how it goes:\n")[2].splitlines()
    named = [line.split()[0] for line in lines]
    assert f"{user.home / '.bashrc'}:2" in named and f"{user.home / '.profile'}:1" in named
    assert f"{bundle}," in named and not any(".zshrc" in line for line in lines)
    assert any("ANTHROPIC_BASE_URL is set in this shell" in line for line in lines)
    bundle.unlink()
    assert user.files() == before


def test_a_profile_that_was_changed_since(user: User) -> None:
    """What somebody else wrote into our profile stays, and it is told where: a key may be in it."""
    user.set_up()
    [profile] = [path for path in user.home.rglob("configLibrary/*.json") if path.name != "_meta.json"]
    settings = json.loads(profile.read_text())
    profile.write_text(json.dumps({**settings, "inferenceGatewayApiKey": "sk-of-somebody-else"}))
    done = user.uninstall()
    assert f"{profile}, a profile of Claude Desktop" in done.stdout.partition("What is left")[2], done.stdout
    meta = profile.with_name("_meta.json")
    assert f"{meta} keeps the entry of localedge's profile" in done.stdout and meta.exists()
    assert f"{meta} is byte for byte" not in done.stdout
    assert "sk-of" not in done.stdout + done.stderr


def test_it_asks_once(user: User) -> None:
    """At a terminal the plan is shown and one question asked; anything but a yes changes nothing."""
    user.set_up()
    before = user.files()
    status, seen = user.talk("uninstall", *user.hosts, answers=[("Go on?", "n")])
    assert status == 1 and "[trust-declined]" in seen and user.files() == before
    assert user.uninstall("--dry-run").returncode == 0 and user.files() == before
    status, seen = user.talk("uninstall", *user.hosts, answers=[("Go on?", "y")])
    assert status == 0 and user.files() == {}, seen


def test_a_name_in_the_hosts_file(user: User) -> None:
    """Names that `hosts add` put in go, and the file is what it was."""
    place = Path(user.hosts[1])
    before = place.read_bytes()
    assert user.run("hosts", "add", "--file", str(place), "localedge.test").returncode == 0
    done = user.uninstall("--lang", "zh")
    assert done.returncode == 0 and "将要撤销" in done.stdout, done.stderr
    assert place.read_bytes() == before


def test_what_a_killed_command_left_beside_the_hosts_file(user: User) -> None:
    """A copy and a lock of one that was killed go, though no name of ours is in the file."""
    place = Path(user.hosts[1])
    left = [
        place.with_name(f"{place.name}.before-localedge-{64 * '0'}"),
        place.with_name(".hosts.localedge-lock"),
    ]
    for path in left:
        path.write_bytes(b"")
    done = user.uninstall()
    assert done.returncode == 0 and str(left[0]) in done.stdout, done.stderr
    assert not any(path.exists() for path in left) and place.exists()


ORDERS = {
    "desktop": ("desktop apply", "desktop undo"),
    "desktop, and uninstall": ("desktop apply --dev-tools", "uninstall"),
    "desktop, then setup": ("desktop apply", "setup", "desktop undo", "uninstall"),
    "setup, then desktop": ("setup", "desktop undo", "desktop apply", "uninstall"),
    "all twice": ("setup", "uninstall", "setup", "uninstall --keep-config", "uninstall"),
}


@pytest.mark.parametrize("order", ORDERS)
def test_a_home_with_nothing_in_it(user: User, order: str) -> None:
    """Whatever was done and undone in which order: names, modes, times and contents are what they were."""
    (user.home / "notes.txt").write_text("mine")
    before = tree(user.home)
    for words in ORDERS[order]:
        if words == "setup":
            user.set_up()
            continue
        hosts = user.hosts if words.startswith("uninstall") else ()
        done = user.run(*words.split(), *hosts, ANTHROPIC_API_KEY=KEY)
        assert done.returncode == 0, done.stdout + done.stderr
    assert tree(user.home) == before


def test_files_of_the_users_own(user: User) -> None:
    """What was not touched keeps its time; what was written and put back, its bytes and its mode."""
    mine = user.write_config("[gateway]\nurl = 'http://old.example'\n")
    user.config.chmod(0o640)
    desktop = user.home / ".config" / "Claude" / "claude_desktop_config.json"
    desktop.parent.mkdir(mode=0o755)
    desktop.write_text('{"mcpServers": {}}')
    (desktop.parent / "other.json").write_text("{}")
    (user.home / ".local" / "share" / "localedge").mkdir(parents=True)
    before = tree(user.home)
    user.set_up()
    assert user.config.read_bytes() != mine
    assert user.uninstall().returncode == 0
    after = tree(user.home)
    written = {str(path.relative_to(user.home)) for path in (user.config, desktop)}
    for name in written:
        assert after[name][::2] == before[name][::2]
    gone = ".local/share/localedge"  # our own place, whoever made it
    assert {one for one in before if before[one] != after.get(one)} == {*written, gone}
    assert set(after) == set(before) - {gone}


def test_directories_that_setup_made(user: User) -> None:
    """Whichever step made them, they go when nothing is in them."""
    assert user.run("setup", "--yes", "--no-run", "--upstream", "demo").returncode == 0
    user.set_up()
    assert user.uninstall("--yes").returncode == 0
    assert list(user.home.iterdir()) == []
