"""Several waits at once, none of which keeps the program from ending.

The threads of `ThreadPoolExecutor` are waited for when Python ends: Ctrl-C would not be heard before the last
name server has been given up, and a second one would end in a traceback.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")


class SideBySide(Executor):
    """Runs each call in a thread of its own, `most` of them at a time."""

    def __init__(self, most: int = 8) -> None:
        self._room = threading.Semaphore(most)

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Its result, or what it raised."""
        future: Future[_T] = Future()

        def work() -> None:
            with self._room:
                try:
                    future.set_result(fn(*args, **kwargs))
                except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
                    future.set_exception(error)

        threading.Thread(target=work, daemon=True).start()
        return future
