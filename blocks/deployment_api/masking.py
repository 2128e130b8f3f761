"""The status for the evidence, without what looks like a secret."""

import re
from collections.abc import Mapping
from typing import Any

SECRET_NAME = re.compile(
    r"token|secret|password|passwd|credential|authorization|api_?key|private_?key", re.IGNORECASE
)
MASK = "***"


def masked_body(value: Any, secrets: tuple[str, ...]) -> Any:
    """A copy of the JSON: values of telling names, and these secrets wherever they are, replaced."""
    if isinstance(value, Mapping):
        return {
            name: MASK if SECRET_NAME.search(str(name)) else masked_body(item, secrets)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [masked_body(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
    return value
