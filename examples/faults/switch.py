"""The switch of a release that runs in a container: a file in it says what is wrong, and until when.

`{"fault": NAME, "until": SECONDS SINCE 1970}`. The release reads it at each request, and lets it be when its time is over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from examples.faults.contract import Fault

PLACE = "/tmp/backout-fault.json"  # noqa: S108 - in the container, where the release's own user may write
OFF = "{}"
SWITCHED: Mapping[Fault, str] = {
    Fault.ERRORS: "every third request of users fails",
    Fault.LATENCY: "each request takes seconds longer",
    Fault.FAILING_HEALTH: "health says that it is not healthy, users are served",
}
"""What a release with this switch has, whatever it runs in."""


def asking_for(fault: Fault, until: float) -> str:
    """The file's content; `until` in seconds since 1970."""
    return json.dumps({"fault": fault, "until": until})


def asked(content: str) -> str | None:
    """The fault that the file asks for, also when its time is over."""
    try:
        found = json.loads(content)["fault"]
    except (ValueError, KeyError, TypeError):
        return None
    return str(found)
