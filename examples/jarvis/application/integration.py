"""The weather, from a third party: only where its flag is on."""

from __future__ import annotations

import json
import os
from urllib.error import URLError
from urllib.request import urlopen

from .release import FAULT, Fault, flag

TIMEOUT_S = 2.0
PATH = "/v2/weather" if FAULT is Fault.INTEGRATION else "/v1/weather"
"""The release with the bad integration calls what the partner does not offer any more."""


def weather() -> tuple[int, object]:
    """Status and body."""
    if not flag("NEW_INTEGRATION"):
        return 200, {"weather": "not asked for", "source": "none"}
    try:
        with urlopen(f"{os.environ['PARTNER_URL']}{PATH}", timeout=TIMEOUT_S) as answer:  # noqa: S310
            return 200, json.load(answer)
    except URLError as error:
        print(f"ERROR the partner: {error}", flush=True)
        return 502, {"error": "the weather cannot be had"}
