"""The configuration alone: kept copies of the ConfigMaps, and the pods that read them (Jarvis "Rollback Configuration Only")."""

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.config_map_part import ConfigMapPart, users
from blocks.kubernetes.history import APPLICATION
from blocks.kubernetes.intent import Intent
from blocks.kubernetes.kept_config_maps import Kept, KeptConfigMaps, time_of
from blocks.kubernetes.site import Seen, Sight
from domain.errors import NotPrepared
from domain.release import Release


class ConfigurationAlone(ConfigMapPart):
    """Its releases are the states of the ConfigMaps, named by the times of their last change."""

    @property
    def place(self) -> str:
        """The first."""
        return self.site.settings.config_maps[0]

    def sights(self, seen: Seen) -> list[Sight]:
        """Those whose pods read one of them."""
        return users(seen.deployments.values(), self.site.settings.config_maps)

    def releases(self, cluster: Cluster, seen: Seen) -> list[str]:  # noqa: ARG002 - they are the same whatever runs
        """The copies' times."""
        return [kept.stamp for kept in self._maps(cluster).all()]

    def runs(self, cluster: Cluster, seen: Seen) -> str:  # noqa: ARG002 - the ConfigMaps say it
        """The time of what they hold."""
        return self._maps(cluster).stamp()

    def said(self, cluster: Cluster, seen: Seen, name: str) -> str:
        """What it holds, and who reads it."""
        kept = self._kept(cluster, name)
        names = ", ".join(sight.name for sight in self.sights(seen)) or "no Deployment"
        return f"{', '.join(kept.content)} as of {name}; {names} will be restarted"

    def move(self, cluster: Cluster, seen: Seen, intent: Intent) -> str:
        """Keep what is there, put the copies back, restart the pods."""
        maps = self._maps(cluster)
        maps.keep(seen.in_place)
        kept = self._kept(cluster, intent.to)
        self.note(cluster, intent)
        maps.put(kept)
        cost = self.restart(cluster, seen, intent)
        self.note(cluster, None)
        return cost

    def history(self) -> list[Release] | None:
        """The copies and what is there now, the newest first."""
        return [
            Release(application=APPLICATION, version=name, served_since=time_of(name))
            for name in self._names()
        ]

    def deployed(self) -> str | None:
        """The newest: what people put there last."""
        return next(iter(self._names()), None)

    def _names(self) -> list[str]:
        with self.site.cluster() as cluster:
            known = self._maps(cluster).all()
            here = self._maps(cluster).stamp(known)
        return sorted({here, *(kept.stamp for kept in known)}, key=time_of, reverse=True)

    def _kept(self, cluster: Cluster, name: str) -> Kept:
        found = next((kept for kept in self._maps(cluster).all() if kept.stamp == name), None)
        if found is None:
            raise NotPrepared(release=f"configuration {name}", why="there is no copy of it")
        return found

    def _maps(self, cluster: Cluster) -> KeptConfigMaps:
        return KeptConfigMaps(cluster, self.site.settings.config_maps)
