"""One Deployment alone: its own revisions (Jarvis "Rollback Specific Service")."""

from blocks.kubernetes.activation import cost_of_rollout, number_of, to_revision
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.history import history
from blocks.kubernetes.intent import Intent, now
from blocks.kubernetes.part import PartAlone
from blocks.kubernetes.resources import DEPLOYMENT
from blocks.kubernetes.rollout import wait_for
from blocks.kubernetes.site import Seen, Sight
from blocks.kubernetes.undo import change, with_intent
from domain.release import Release, Slot


class DeploymentAlone(PartAlone):
    """Its releases are the ones that the cluster keeps a revision of. ConfigMaps stay as they are."""

    def sights(self, seen: Seen) -> list[Sight]:
        """Itself."""
        return [self._sight(seen)]

    def releases(self, cluster: Cluster, seen: Seen) -> list[str]:  # noqa: ARG002 - all was seen
        """By version."""
        return [one.name for one in self._sight(seen).releases]

    def runs(self, cluster: Cluster, seen: Seen) -> str:  # noqa: ARG002 - all was seen
        """What it asks for."""
        return self._sight(seen).release.name

    def said(self, cluster: Cluster, seen: Seen, name: str) -> str:  # noqa: ARG002 - all was seen
        """Nothing has to be made."""
        sight = self._sight(seen)
        return f"revision {self.site.release(sight, name).newest.number} of {sight.name}"

    def intent(self, cluster: Cluster, seen: Seen) -> Intent | None:  # noqa: ARG002 - all was seen
        """The Deployment's annotation."""
        return self._sight(seen).intent

    def begun(self, seen: Seen, found: Intent | None, before: str, to: str) -> Intent:
        """With the ReplicaSet that it was on, for the way back."""
        sight = self._sight(seen)
        return Intent(
            part=self.part,
            before=before,
            to=to,
            begun=found.begun if found else now(),
            revision=number_of(sight.body),
            sets=found.sets if found else {self.part: sight.now.set_name},
            target=self.site.release(sight, to).newest.set_name,
        )

    def move(self, cluster: Cluster, seen: Seen, intent: Intent) -> str:
        """As the whole, without the rest."""
        sight = self._sight(seen)
        back = sight.of_set(intent.sets.get(self.part, "")) if intent.to == intent.before else None
        target = back or self.site.release(sight, intent.to).newest
        noted = change(cluster, DEPLOYMENT, sight.body, lambda body: with_intent(body, intent))
        change(cluster, DEPLOYMENT, noted, to_revision(target))
        wait_for(self.site, cluster, {self.part: intent.to})
        done = self.site.sight(cluster, self.part)
        change(cluster, DEPLOYMENT, done.body, lambda body: with_intent(body, None))
        return cost_of_rollout(sight.body)

    def as_slot(self, cluster: Cluster, seen: Seen, name: str, here: str) -> Slot:
        """With the other names of its revisions."""
        sight = self._sight(seen)
        found = sight.find(name)
        if found is None:
            return super().as_slot(cluster, seen, name, here)
        return self.site.slot(cluster, sight, found, here)

    def history(self) -> list[Release] | None:
        """One entry a version."""
        with self.site.cluster() as cluster:
            seen = self.site.see(cluster)
            return history(self._sight(seen), self.in_place(cluster, seen))

    def deployed(self) -> str | None:
        """The newest: what people deployed last."""
        found = self.history()
        return found[0].version if found else None

    def answers_as(self, release: str) -> str | None:
        """Its version, where it is the main Deployment; others answer no user."""
        with self.site.cluster() as cluster:
            found = self.site.sight(cluster, self.part).find(release)
        own = self.part == self.site.settings.main
        return found.version if own and found and found.told else None

    def _sight(self, seen: Seen) -> Sight:
        return seen.deployments[self.part]
