"""Which Prefect this process asks: the one that is set, else the running `serve`'s."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blocks.home import Home
from blocks.installation import serving
from domain.errors import PrefectUnavailable


@contextmanager
def prefect_settings(home: Home) -> Iterator[None]:
    """Within the block Prefect's clients know their server. Raises PrefectUnavailable where there is none."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    if PREFECT_API_URL.value():  # without one Prefect would start a server of its own, for half a minute
        yield
        return
    found = serving(home)
    if found is None:
        raise PrefectUnavailable(
            "Prefect's API", "PREFECT_API_URL", "no address is set, and no `backout serve` runs"
        )
    auth = Path(found["auth_file"]).read_text(encoding="utf-8").strip() if found.get("auth_file") else None
    with temporary_settings({PREFECT_API_URL: found["prefect_api_url"], PREFECT_API_AUTH_STRING: auth}):
        yield
