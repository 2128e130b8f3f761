"""Names of applications and of the things made from them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

PART = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def application_name(text: str) -> str:
    """`app/environment`, each part `[a-z0-9]+(-[a-z0-9]+)*`. Raises ValueError with an example."""
    app, _slash, environment = text.partition("/")
    if not PART.fullmatch(app) or not PART.fullmatch(environment):
        raise ValueError(
            f"{text!r} is not app/environment in small letters, digits and dashes, like shop/production"
        )
    return text


def version_name(text: str) -> str:
    """A release's version: letters, digits and `._+-`, at most 100. Raises ValueError."""
    if not VERSION.fullmatch(text):
        raise ValueError(
            f"{text!r} is not a version: letters, digits and . _ + -, starting with a letter or digit"
        )
    return text


def image_tag(version: str) -> str:
    """A release's version as the tag of an image, which may hold no `+`: `2.4.0+7` is `2.4.0_7`.

    https://docs.docker.com/reference/cli/docker/image/tag/
    """
    return version.replace("+", "_")


def block_name(application: str) -> str:
    """The Prefect block of an application: `app--env`, since a block's name cannot hold a slash."""
    return application.replace("/", "--")


ApplicationName = Annotated[str, AfterValidator(application_name)]
Version = Annotated[str, AfterValidator(version_name)]
