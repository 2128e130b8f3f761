"""The flows that were imported before a process was forked."""

import sys
from typing import Any

from prefect import Flow


def imported(entrypoint: str) -> Flow[..., Any] | None:
    """The flow of an entrypoint, `path/to/module.py:function` or `module:function`; None where it is not imported."""
    path, _, function = entrypoint.partition(":")
    module = sys.modules.get(path.removesuffix(".py").replace("/", "."))
    found = getattr(module, function, None)
    return found if isinstance(found, Flow) else None
