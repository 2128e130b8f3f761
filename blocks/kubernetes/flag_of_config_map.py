"""A feature flag alone: one key of a ConfigMap, and the pods that read it (Jarvis "Rollback Feature Flag")."""

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.config_map_part import ConfigMapPart
from blocks.kubernetes.flag import OFF, ON, on_then_off
from blocks.kubernetes.in_place_settings import FLAG, FeatureFlag
from blocks.kubernetes.intent import Intent
from blocks.kubernetes.kept_config_maps import KeptConfigMaps
from blocks.kubernetes.resources import CONFIG_MAP, Json
from blocks.kubernetes.site import Seen, Sight
from blocks.kubernetes.undo import change
from domain.release import Release


class ConfigMapFlagAlone(ConfigMapPart):
    """Its releases are `on` and `off`; `off` is what a feature goes back to."""

    @property
    def flag(self) -> FeatureFlag:
        """What the settings say of it."""
        return self.site.settings.flags[self.part.removeprefix(FLAG)]

    @property
    def place(self) -> str:
        """The ConfigMap that the flag is in."""
        assert self.flag.config_map is not None  # noqa: S101 - a flag without one is another part
        return self.flag.config_map

    def sights(self, seen: Seen) -> list[Sight]:
        """The Deployment whose pods read it."""
        return [seen.deployments[self.flag.deployment or self.site.settings.main]]

    def releases(self, cluster: Cluster, seen: Seen) -> list[str]:  # noqa: ARG002 - there are always two
        """Both."""
        return [ON, OFF]

    def runs(self, cluster: Cluster, seen: Seen) -> str:  # noqa: ARG002 - the ConfigMap says it
        """`off` where the key has that value; else on."""
        return OFF if self._value_in(cluster.get(CONFIG_MAP, self.place)) == self.flag.off else ON

    def said(self, cluster: Cluster, seen: Seen, name: str) -> str:  # noqa: ARG002 - the copies say it
        """Nothing has to be made."""
        return f"{self.flag.variable} of ConfigMap {self.place} will be {self._value(cluster, name)}"

    def move(self, cluster: Cluster, seen: Seen, intent: Intent) -> str:
        """Keep what is there, give the key its value, restart the pods."""
        value = self._value(cluster, intent.to)
        self._maps(cluster).keep(seen.in_place)
        self.note(cluster, intent)
        change(cluster, CONFIG_MAP, cluster.get(CONFIG_MAP, self.place), lambda body: self._with(body, value))
        cost = self.restart(cluster, seen, intent)
        self.note(cluster, None)
        return cost

    def history(self) -> list[Release] | None:
        """On, and before it off: a feature was off before it was turned on."""
        return on_then_off()

    def deployed(self) -> str | None:
        """On: nobody builds a feature that is off."""
        return ON

    def _value(self, cluster: Cluster, name: str) -> str:
        """For `on`: what it was when it was on last, as the copies tell."""
        if name == OFF:
            return self.flag.off
        held = [kept.content.get(self.place, {}) for kept in self._maps(cluster).all()]
        told = (self._value_in(one) for one in held)
        return next((value for value in told if value not in {None, self.flag.off}), None) or self.flag.on

    def _value_in(self, body: Json) -> str | None:
        found: str | None = body.get("data", {}).get(self.flag.variable)
        return found

    def _with(self, body: Json, value: str) -> Json:
        return {**body, "data": {**body.get("data", {}), self.flag.variable: value}}

    def _maps(self, cluster: Cluster) -> KeptConfigMaps:
        return KeptConfigMaps(cluster, self.site.settings.config_maps)
