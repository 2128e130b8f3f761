"""What the parts share that are kept in ConfigMaps: the intent is noted there, and pods are restarted to read them anew."""

from collections.abc import Collection, Iterable
from typing import Any

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.intent import Intent, intent_of, now
from blocks.kubernetes.part import PartAlone
from blocks.kubernetes.resources import CONFIG_MAP, DEPLOYMENT
from blocks.kubernetes.restarting import restarted
from blocks.kubernetes.rollout import wait_for
from blocks.kubernetes.site import Seen, Sight
from blocks.kubernetes.undo import change, with_intent


class ConfigMapPart(PartAlone):
    """A part whose content is in ConfigMaps."""

    @property
    def place(self) -> str:
        """The ConfigMap that says what is under way."""
        raise NotImplementedError

    def intent(self, cluster: Cluster, seen: Seen) -> Intent | None:  # noqa: ARG002 - it is noted elsewhere
        """The ConfigMap's annotation: nobody copies it, unlike a Deployment's."""
        return intent_of(cluster.get(CONFIG_MAP, self.place))

    def begun(self, seen: Seen, found: Intent | None, before: str, to: str) -> Intent:  # noqa: ARG002 - the same for all
        """The time says which restart is this one's."""
        goes_on = found is not None and found.to == to
        at = found.begun if found and goes_on else now()
        return Intent(part=self.part, before=before, to=to, begun=at)

    def note(self, cluster: Cluster, intent: Intent | None) -> None:
        """Note what is under way; None: nothing is."""
        body = cluster.get(CONFIG_MAP, self.place)
        change(cluster, CONFIG_MAP, body, lambda found: with_intent(found, intent))

    def restart(self, cluster: Cluster, seen: Seen, intent: Intent) -> str:
        """Replace the pods, once for this intent, and wait. What that cost, one line."""
        sights = self.sights(seen)
        for sight in sights:
            change(cluster, DEPLOYMENT, sight.body, restarted(intent.begun.isoformat()))
        wait_for(self.site, cluster, {sight.key: intent.to for sight in sights})
        names = ", ".join(sight.name for sight in sights)
        return (
            f"the pods of {names} were replaced in turn"
            if names
            else "no Deployment uses it; no pod was restarted"
        )


def users(sights: Iterable[Sight], config_maps: Collection[str]) -> list[Sight]:
    """The Deployments whose pods read one of these, as variables or as files."""
    return [sight for sight in sights if set(config_maps) & set(_read(sight.now.template["spec"]))]


def _read(value: Any) -> Iterable[str]:
    """Names of ConfigMaps anywhere in a pod's specification."""
    if isinstance(value, list):
        for one in value:
            yield from _read(one)
    if isinstance(value, dict):
        for key, one in value.items():
            if key in {"configMap", "configMapRef", "configMapKeyRef"} and isinstance(one, dict):
                yield one.get("name", "")
            yield from _read(one)
