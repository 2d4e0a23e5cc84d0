"""Running a step with the rights it needs: our own, or root's through sudo."""

from localedge.errors import Failure
from localedge.pki.plan import Command

from .run import Ended
from .stores.system import System

_GRACE = 10.0
"""Seconds that our own time limit leaves to the one that root's `timeout` keeps."""


class Rights:
    """What we may do.  `person`: somebody is there to answer a dialog or give a password."""

    def __init__(self, system: System, *, person: bool) -> None:
        self._system = system
        self.person = person
        self._obtained = system.elevated
        self._always_asks = False
        self._refused: str | None = None

    @property
    def elevated(self) -> bool:
        """We are root (or an administrator) ourselves."""
        return self._system.elevated

    def obtain(self, store: str) -> None:
        """See to it that privileged commands will run.  Asks for a password once, if a person is there.

        Raises `Failure`, the same one every time: who has said no is not asked again.
        """
        if self._obtained:
            return
        if self._refused is not None:
            raise Failure(self._refused, store=store)
        try:
            self._obtain(store)
        except Failure as failure:
            self._refused = failure.code
            raise
        self._obtained = True

    def _obtain(self, store: str) -> None:
        if self._system.platform == "win32":
            raise Failure("needs-administrator", store=store)
        sudo = self._sudo(store)
        if not self._waved_through(sudo):
            if not self.person:
                raise Failure("sudo-needs-password", store=store)
            if not self._system.run_in_front([sudo, "-v"]).ok:
                raise Failure("sudo-refused", store=store)
            # Some systems have sudo ask every single time.
            self._always_asks = not self._waved_through(sudo)

    def run(self, step: Command) -> Ended:
        """Run a command with the rights its step wants.  Call `obtain` before a privileged one."""
        if not step.privileged or self.elevated:
            env = dict(step.env)
            if step.at_terminal:
                return self._system.run_in_front(step.argv, stdin=step.stdin, env=env)
            return self._system.run(step.argv, seconds=step.seconds, stdin=step.stdin, env=env)
        if not self._found(step.argv[0]):
            return Ended(None, missing=True)
        argv = self._limited(step)
        sudo = self._sudo("sudo")
        if self._always_asks or step.at_terminal:
            return self._system.run_in_front([sudo, "--", *argv], stdin=step.stdin)
        ended = self._system.run(
            [sudo, "-n", "--", *argv], seconds=step.seconds + _GRACE, stdin=step.stdin, terminal=True
        )
        # coreutils: 124 for one that ended when told to, 137 for one that had to be killed.
        return ended._replace(hung=True) if "timeout" in argv[0] and ended.status in (124, 137) else ended

    def _found(self, program: str) -> bool:
        return self._system.which(program) is not None

    def _limited(self, step: Command) -> list[str]:
        """With its environment, which sudo drops, and a time limit kept by root: we may not kill it."""
        argv = list(step.argv)
        if step.env:
            argv = ["env", *(f"{name}={value}" for name, value in step.env), *argv]
        timeout = self._system.which("timeout")  # coreutils; not on macOS
        if timeout is not None:
            argv = [timeout, "-k", "5", f"{step.seconds:g}", *argv]
        return argv

    def _waved_through(self, sudo: str) -> bool:
        return self._system.run([sudo, "-n", "true"], terminal=True).ok

    def _sudo(self, store: str) -> str:
        sudo = self._system.which("sudo")
        if sudo is None:
            raise Failure("sudo-missing", store=store)
        return sudo
