"""localedge: the local edge between Claude clients and a plain HTTP gateway."""

__all__ = ["__version__"]

__version__: str
"""The version of the installed distribution, looked up when asked for: start-up does not pay for it."""


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("localedge")
    except PackageNotFoundError:
        return "0+uninstalled"  # run from a checkout that nobody installed
