"""As many connections as the system has descriptors for."""

import pytest

from localedge.config import Config, Gateway, Pool
from localedge.edge.service import within
from localedge.machine.descriptors import RESERVE, raise_descriptor_limit

CONFIG = Config(Gateway("http", "127.0.0.1", 8000))


@pytest.mark.parametrize(
    ("descriptors", "clients", "connections", "ceiling"),
    [
        (None, CONFIG.max_clients, Pool().connections, Pool().ceiling),
        (1_000_000, CONFIG.max_clients, Pool().connections, Pool().ceiling),
        (RESERVE + 600, min(300, CONFIG.max_clients), Pool().connections, min(300, Pool().ceiling)),
        (RESERVE + 100, 50, 50, 50),
        (3, 1, 1, 1),
    ],
)
def test_clients_wait_where_there_are_no_descriptors(
    descriptors: int | None, clients: int, connections: int, ceiling: int
) -> None:
    """Clients for whom there is no socket wait to be accepted, rather than be turned away."""
    config = within(CONFIG, descriptors)
    assert (config.max_clients, config.pool.connections, config.pool.ceiling) == (
        clients,
        connections,
        ceiling,
    )


def test_the_limit_is_raised_without_privilege() -> None:
    """What is counted on is really there."""
    limit = raise_descriptor_limit()
    if limit is not None:
        import resource

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert soft == resource.RLIM_INFINITY or soft >= limit
