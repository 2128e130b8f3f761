"""What can go back alone: a component, the configuration, a feature flag."""

from blocks.checkout.component import ComponentAlone
from blocks.checkout.configuration import ConfigurationAlone
from blocks.checkout.flag import FlagAlone
from blocks.checkout.part import PartAlone
from blocks.checkout.settings import CONFIG, FLAG
from blocks.checkout.site import Site
from domain.errors import UnknownPart
from domain.release import Part


def part_of(site: Site, name: str) -> PartAlone:
    """The part of this name. Raises UnknownPart."""
    settings = site.settings
    if name in settings.components:
        return ComponentAlone(site=site, part=name)
    if name == CONFIG:
        return ConfigurationAlone(site=site, part=name)
    if name.startswith(FLAG) and name.removeprefix(FLAG) in settings.flags:
        return FlagAlone(site=site, part=name)
    raise UnknownPart(part=name, known=_names(site))


def parts_of(site: Site) -> list[Part]:
    """All of them, as they are now."""
    return [part_of(site, name).as_part() for name in _names(site)]


def _names(site: Site) -> list[str]:
    flags = [f"{FLAG}{name}" for name in site.settings.flags]
    return [*site.settings.components, CONFIG, *flags]
