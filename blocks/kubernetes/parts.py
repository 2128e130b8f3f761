"""What can go back alone: a Deployment, the ConfigMaps, a feature flag."""

from blocks.kubernetes.configuration_alone import ConfigurationAlone
from blocks.kubernetes.deployment_alone import DeploymentAlone
from blocks.kubernetes.flag import FlagAlone
from blocks.kubernetes.flag_of_config_map import ConfigMapFlagAlone
from blocks.kubernetes.in_place_settings import CONFIG, FLAG
from blocks.kubernetes.part import PartAlone
from blocks.kubernetes.site import Site
from domain.errors import UnknownPart
from domain.release import Part


def part_of(site: Site, name: str) -> PartAlone:
    """The part of this name. Raises UnknownPart."""
    settings = site.settings
    if name in settings.deployments:
        return DeploymentAlone(site=site, part=name)
    if name == CONFIG and settings.config_maps:
        return ConfigurationAlone(site=site, part=name)
    flag = settings.flags.get(name.removeprefix(FLAG)) if name.startswith(FLAG) else None
    if flag is None:
        raise UnknownPart(part=name, known=_names(site))
    return ConfigMapFlagAlone(site=site, part=name) if flag.config_map else FlagAlone(site=site, part=name)


def parts_of(site: Site) -> list[Part]:
    """All of them, as they are now. Raises as Cluster does."""
    return [part_of(site, name).as_part() for name in _names(site)]


def _names(site: Site) -> list[str]:
    settings = site.settings
    configuration = [CONFIG] if settings.config_maps else []
    return [*settings.deployments, *configuration, *(f"{FLAG}{name}" for name in settings.flags)]
