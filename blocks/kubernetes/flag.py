"""A feature flag alone: one variable of a Deployment's pods (Jarvis "Rollback Feature Flag", `kubectl set env`)."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta

from blocks.kubernetes.activation import cost_of_rollout, number_of
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.history import APPLICATION
from blocks.kubernetes.in_place_settings import FLAG, FeatureFlag
from blocks.kubernetes.intent import Intent, now
from blocks.kubernetes.part import PartAlone
from blocks.kubernetes.resources import DEPLOYMENT, Json
from blocks.kubernetes.rollout import wait_for
from blocks.kubernetes.site import Seen, Sight
from blocks.kubernetes.undo import change, with_intent
from domain.release import Release

ON, OFF = "on", "off"


class FlagAlone(PartAlone):
    """Its releases are `on` and `off`; `off` is what a feature goes back to."""

    @property
    def flag(self) -> FeatureFlag:
        """What the settings say of it."""
        return self.site.settings.flags[self.part.removeprefix(FLAG)]

    @property
    def key(self) -> str:
        """The Deployment whose pods read it, as the settings call it."""
        return self.flag.deployment or self.site.settings.main

    def sights(self, seen: Seen) -> list[Sight]:
        """That one."""
        return [seen.deployments[self.key]]

    def releases(self, cluster: Cluster, seen: Seen) -> list[str]:  # noqa: ARG002 - there are always two
        """Both."""
        return [ON, OFF]

    def runs(self, cluster: Cluster, seen: Seen) -> str:  # noqa: ARG002 - the pod template says it
        """`off` where the variable has that value everywhere; else on."""
        own = list(self._entries(seen.deployments[self.key].now.template))
        return OFF if own and all(one.get("value") == self.flag.off for one in own) else ON

    def said(self, cluster: Cluster, seen: Seen, name: str) -> str:  # noqa: ARG002 - all was seen
        """Nothing has to be made."""
        sight = seen.deployments[self.key]
        value = self._entry(sight, name).get("value", "what an earlier revision took it from")
        return f"{self.flag.variable} of {sight.name} will be {value}"

    def intent(self, cluster: Cluster, seen: Seen) -> Intent | None:  # noqa: ARG002 - all was seen
        """The Deployment's annotation."""
        return seen.deployments[self.key].intent

    def begun(self, seen: Seen, found: Intent | None, before: str, to: str) -> Intent:
        """With the ReplicaSet that it was on, for the way back."""
        sight = seen.deployments[self.key]
        return Intent(
            part=self.part,
            before=before,
            to=to,
            begun=found.begun if found else now(),
            revision=number_of(sight.body),
            sets=found.sets if found else {self.key: sight.now.set_name},
        )

    def move(self, cluster: Cluster, seen: Seen, intent: Intent) -> str:
        """Give the variable its value, which makes a new revision, and wait."""
        sight = seen.deployments[self.key]
        template = self._template(sight, intent)
        noted = change(cluster, DEPLOYMENT, sight.body, lambda body: with_intent(body, intent))
        change(cluster, DEPLOYMENT, noted, lambda body: _with_template(body, template))
        wait_for(self.site, cluster, {self.key: intent.to})
        done = self.site.sight(cluster, self.key)
        change(cluster, DEPLOYMENT, done.body, lambda body: with_intent(body, None))
        return cost_of_rollout(sight.body)

    def history(self) -> list[Release] | None:
        """On, and before it off: a feature was off before it was turned on."""
        return on_then_off()

    def deployed(self) -> str | None:
        """On: nobody builds a feature that is off."""
        return ON

    def _template(self, sight: Sight, intent: Intent) -> Json:
        """The pod template with the flag as wanted; on the way back the one that it was."""
        back = sight.of_set(intent.sets.get(self.key, ""))
        if back and intent.to == intent.before:
            return back.template
        template = deepcopy(sight.now.template)
        entry = self._entry(sight, intent.to)
        own = [one for one in self._containers(template) if _named(one, self.flag.variable)]
        for container in own or self._containers(template):
            rest = [one for one in container.get("env", []) if one["name"] != entry["name"]]
            place = next(
                (n for n, one in enumerate(container.get("env", [])) if one["name"] == entry["name"]),
                len(rest),
            )
            container["env"] = [*rest[:place], deepcopy(entry), *rest[place:]]
        return template

    def _entry(self, sight: Sight, name: str) -> Json:
        """The variable. For `on`: what it was when it was on last, as earlier revisions tell."""
        if name == OFF:
            return {"name": self.flag.variable, "value": self.flag.off}
        told = (
            entry
            for release in sight.releases
            for revision in reversed(release.revisions)
            for entry in self._entries(revision.template)
            if entry.get("value") != self.flag.off
        )
        return next(told, {"name": self.flag.variable, "value": self.flag.on})

    def _entries(self, template: Json) -> Iterator[Json]:
        for container in self._containers(template):
            yield from _named(container, self.flag.variable)

    def _containers(self, template: Json) -> list[Json]:
        """The container that the settings name; else all, as `kubectl set env` has it."""
        every: list[Json] = template["spec"]["containers"]
        named = self.site.settings.deployments[self.key].container
        return [one for one in every if named in (None, one["name"])]


def on_then_off() -> list[Release]:
    """The history of any flag."""
    at = datetime.now(UTC)
    return [
        Release(application=APPLICATION, version=ON, served_since=at - timedelta(seconds=1)),
        Release(application=APPLICATION, version=OFF, served_since=at - timedelta(seconds=2)),
    ]


def _named(container: Json, variable: str) -> list[Json]:
    return [one for one in container.get("env", []) if one["name"] == variable]


def _with_template(body: Json, template: Json) -> Json:
    body["spec"]["template"] = deepcopy(template)
    return body
