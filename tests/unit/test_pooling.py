"""The pool's books: who gets which connection (R33)."""

from collections import deque

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from localedge.config import Pool as Limits
from localedge.http.pooling import Decision, Pool


def opened(pool: Pool[str, str], *names: str) -> None:
    """Open connections and let them go idle, in this order, a second apart."""
    for now, name in enumerate(names):
        assert pool.decide() is Decision.OPEN
        assert pool.released(name, float(now)) is None


def test_R33_the_newest_idle_connection_serves_first() -> None:
    """The connection that was busy last is the one most likely still alive (R33)."""
    pool: Pool[str, str] = Pool(Limits())
    opened(pool, "old", "middle", "new")
    assert [pool.take_idle(), pool.take_idle(), pool.take_idle(), pool.take_idle()] == [
        "new",
        "middle",
        "old",
        None,
    ]


def test_R33_idle_connections_expire_oldest_first() -> None:
    """A connection that was idle for its lifetime is closed, not one that is younger (R33)."""
    pool: Pool[str, str] = Pool(Limits(idle=30.0))
    opened(pool, "a", "b", "c")
    assert pool.expired(29.9) == []
    assert pool.expired(31.0) == ["a", "b"]
    assert pool.idle_closed("a")
    assert not pool.idle_closed("a")
    assert pool.idle == ["b", "c"]
    assert pool.connections == 2


def test_R33_at_the_cap_requests_wait_in_order_and_then_are_refused() -> None:
    """No more connections than the cap; the queue is first come, first served, and bounded (R33)."""
    pool: Pool[str, str] = Pool(Limits(connections=2, queue_length=2))
    assert [pool.decide(), pool.decide(), pool.decide()] == [Decision.OPEN, Decision.OPEN, Decision.WAIT]
    pool.wait("first")
    pool.wait("second")
    assert pool.decide() is Decision.REFUSE
    assert pool.released("x", 1.0) == "first"
    assert pool.closed() == "second"
    assert pool.connections == 2
    assert pool.idle == []


def test_R31_R33_a_request_that_leaves_the_queue_is_passed_over() -> None:
    """A client that leaves while it waits does not hold up those behind it (R31, R33)."""
    pool: Pool[str, str] = Pool(Limits(connections=1))
    pool.decide()
    for name in ("a", "b", "c"):
        pool.wait(name)
    assert pool.leave("b")
    assert not pool.leave("b")
    assert pool.released("x", 0.0) == "a"
    assert pool.released("x", 0.0) == "c"
    assert pool.released("x", 0.0) is None


def test_R33_the_pool_says_what_it_holds() -> None:
    """The pool describes itself in one sentence."""
    pool: Pool[str, str] = Pool(Limits(connections=2))
    opened(pool, "a")
    pool.decide()
    pool.wait("b")
    assert repr(pool) == "<Pool: 2 connections, 1 idle, 1 requests waiting>"


class Books(RuleBasedStateMachine):
    """Any order of events, held against the plainest books one can keep."""

    def __init__(self) -> None:
        super().__init__()
        self.limits = Limits(connections=2, ceiling=3, queue_length=2, idle=5.0)
        self.pool: Pool[str, str] = Pool(self.limits)
        self.now = 0.0
        self.count = 0
        self.busy: list[str] = []
        self.idle: list[tuple[str, float]] = []
        self.waiting: deque[str] = deque()

    def name(self) -> str:
        """A name that was never used."""
        self.count += 1
        return f"n{self.count}"

    @rule()
    def request(self) -> None:
        """A request comes: an idle connection, a new one, a place in the queue, or nothing."""
        connection = self.pool.take_idle()
        if self.idle:
            assert connection == self.idle.pop()[0]
            self.busy.append(connection)
            return
        assert connection is None
        match self.pool.decide():
            case Decision.OPEN:
                assert len(self.busy) < self.limits.connections
                self.busy.append(self.name())
            case Decision.WAIT:
                assert len(self.busy) >= self.limits.connections
                self.waiting.append(self.name())
                self.pool.wait(self.waiting[-1])
            case Decision.REFUSE:
                assert len(self.waiting) == self.limits.queue_length

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def ends_well(self, data: st.DataObject) -> None:
        """An exchange ends cleanly: the longest waiting request goes on with its connection."""
        connection = data.draw(st.sampled_from(self.busy))
        got = self.pool.released(connection, self.now)
        if self.waiting:
            assert got == self.waiting.popleft()
        else:
            assert got is None
            self.busy.remove(connection)
            self.idle.append((connection, self.now))

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def ends_badly(self, data: st.DataObject) -> None:
        """A busy connection is gone: the longest waiting request may open one."""
        self.busy.remove(data.draw(st.sampled_from(self.busy)))
        got = self.pool.closed()
        if self.waiting and len(self.busy) < self.limits.connections:
            assert got == self.waiting.popleft()
            self.busy.append(self.name())
        else:
            assert got is None

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def gives_up(self, data: st.DataObject) -> None:
        """A waiting client leaves."""
        request = data.draw(st.sampled_from(list(self.waiting)))
        self.waiting.remove(request)
        assert self.pool.leave(request)

    @precondition(lambda self: self.waiting)
    @rule()
    def patience_is_lost(self) -> None:
        """The first in the queue opens a connection beyond the cap, below the ceiling."""
        room = len(self.busy) < self.limits.ceiling
        assert self.pool.overflow() == (self.waiting[0] if room else None)
        if room:
            del self.waiting[0]
            self.busy.append(self.name())

    @precondition(lambda self: self.idle)
    @rule(data=st.data())
    def idle_ends(self, data: st.DataObject) -> None:
        """The gateway closes an idle connection."""
        one = data.draw(st.sampled_from(self.idle))
        self.idle.remove(one)
        assert self.pool.idle_closed(one[0])

    @rule(seconds=st.floats(0.0, 4.0))
    def time_passes(self, seconds: float) -> None:
        """Idle connections grow old."""
        self.now += seconds
        expired = self.pool.expired(self.now)
        assert expired == [name for name, since in self.idle if self.now - since >= self.limits.idle]
        for name in expired:
            assert self.pool.idle_closed(name)
        self.idle = [one for one in self.idle if one[0] not in expired]

    @invariant()
    def books_agree(self) -> None:
        """Nobody is forgotten, nobody waits without need, and the cap holds."""
        assert self.pool.connections == len(self.busy) + len(self.idle) <= self.limits.ceiling
        assert self.pool.idle == [name for name, _ in self.idle]
        assert not (self.idle and self.waiting)


TestR33Books = Books.TestCase
