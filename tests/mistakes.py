"""What is wrong with a configuration."""

from typing import Any

import pytest

from localedge.errors import Failure, Problems
from localedge.settings import Sources, load


def problems(**given_: Any) -> list[Failure]:
    """What is wrong with these sources."""
    with pytest.raises(Problems) as caught:
        load(Sources(path="c.toml", **given_))
    return list(caught.value.failures)


def only(**given_: Any) -> Failure:
    """The one thing that is wrong with these sources."""
    found = problems(**given_)
    assert len(found) == 1, found
    return found[0]
