"""One application of a file, when nothing else can be asked: no other entry, and only the secrets that are needed."""

from collections.abc import Iterable, Mapping
from typing import Any

from blocks.configuration import document
from blocks.document import Document
from blocks.secrets import resolve
from domain.errors import MissingSecret, PrefectUnavailable

LEFT_OUT = ("channels", "checks", "database")
"""What an application can be taken back without."""


def document_alone(
    raw: Mapping[str, Any], source: str, at: str = "", values: Mapping[str, str] | None = None
) -> tuple[Document, list[str]]:
    """The document without those channels, checks and database whose secrets this host has not; and why each is out.

    Args:
        raw: one application's entry.
        source: the file it came from, for errors.
        at: where in the file it is, for errors.
        values: variables beside the environment's; none by default.

    Raises:
        MissingSecret, PrefectUnavailable: a secret of what is needed: platform, health, policy and the like.
        ConfigurationError: it does not describe an application.
    """
    kept: dict[str, Any] = dict(raw)
    why: list[str] = []
    given = values or {}
    for section in LEFT_OUT:
        if isinstance(kept.get(section), list):
            items = enumerate(kept[section])
            kept[section] = list(_resolvable(items, section, source, at, why, given))
        elif section in kept and not list(
            _resolvable([(None, kept[section])], section, source, at, why, given)
        ):
            del kept[section]
    return document(kept, source, given, at), why


def _resolvable(
    items: Iterable[tuple[int | None, Any]],
    section: str,
    source: str,
    at: str,
    why: list[str],
    values: Mapping[str, str],
) -> Iterable[Any]:
    for index, item in items:
        name = section if index is None else f"{section}[{index}]"
        try:
            resolve(item, source, values, f"{at}.{name}" if at else name)
        except (MissingSecret, PrefectUnavailable) as error:
            why.append(error.what())
        else:
            yield item
