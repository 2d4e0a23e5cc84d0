"""The cap on connections to the gateway (R33)."""

import pytest

from localedge.config import Pool
from localedge.settings import Sources, load


def pool(text: str) -> Pool:
    return load(Sources(text=text, path="/etc/localedge.toml")).config.pool


@pytest.mark.parametrize(
    ("text", "connections", "ceiling"),
    [
        ("", Pool().connections, Pool().ceiling),
        ("[pool]\nconnections = 2\n", 2, 2),
        ("[pool]\nconnections = 2\nceiling = 9\n", 2, 9),
        ("[pool]\nconnections = 9\nceiling = 2\n", 9, 9),
        (f"[pool]\nceiling = {Pool().ceiling - 1}\n", Pool().connections, Pool().ceiling - 1),
    ],
)
def test_R33_a_cap_that_was_chosen_is_kept(text: str, connections: int, ceiling: int) -> None:
    """Whoever sets pool.connections gets no more connections than that, unless pool.ceiling says so."""
    assert (pool(text).connections, pool(text).ceiling) == (connections, ceiling)
