"""Which version of Backout runs: a decision is explained by the code that made it."""

from importlib.metadata import PackageNotFoundError, version

UNKNOWN = "unknown"


def own_version() -> str:
    """The installed version; `unknown` in a checkout that nothing installed."""
    try:
        return version("backout")
    except PackageNotFoundError:
        return UNKNOWN
