"""One namespace of a Kubernetes cluster.

Objects are plain JSON: through typed models a change would drop what a newer server knows and our models do not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx2

from blocks.kubernetes.api import AWAY, FORBIDDEN, MISSING, UNAUTHORIZED, Api
from blocks.kubernetes.resources import POD, Json, Resource
from domain.errors import ClusterForbids, NotInCluster

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
LONGEST_LOG = 1_000_000
GONE = ("unable to retrieve container logs for ", "failed to try resolving symlinks in path ")
"""What a node answers well, as if it were a line, where the container was cleared away a moment ago."""

KNOWN = 20
"""So many names are told at most."""


@dataclass(frozen=True)
class Cluster:
    """The objects of the namespace.

    Everything raises ClusterUnavailable, NotLoggedIn, ClusterUntrusted and ClusterForbids.
    """

    api: Api
    namespace: str

    def find(self, resource: Resource, name: str) -> Json | None:
        """One object; None where it is not there."""
        answer = self.api.ask("GET", resource.path(self.namespace, name))
        return None if answer.status_code == MISSING else self._json(answer, f"get {resource.name} {name}")

    def get(self, resource: Resource, name: str) -> Json:
        """One object. Raises NotInCluster."""
        found = self.find(resource, name)
        if found is None:
            raise self._missing(resource, name)
        return found

    def all(
        self, resource: Resource, labels: Mapping[str, str] | None = None, fields: str = ""
    ) -> list[Json]:
        """All objects of a kind that carry these labels. `fields`: a field selector, `involvedObject.name=shop`."""
        selectors = {"labelSelector": _selector(labels or {}), "fieldSelector": fields}
        params = {key: value for key, value in selectors.items() if value}
        answer = self.api.ask("GET", resource.path(self.namespace), params=params)
        items: list[Json] = self._json(answer, f"get {resource.name}")["items"]
        return items

    def serves(self, resource: Resource) -> bool:
        """Whether the cluster knows this kind: metrics, for one, are an addition."""
        path = f"/{resource.group}"
        # An addition that is down answers 503 in the server's name; it is not waited for.
        answer = self.api.ask("GET", path, settles=AWAY)
        return answer.status_code not in {MISSING, *AWAY} and bool(self._json(answer, f"get --raw {path}"))

    def patch(self, resource: Resource, name: str, change: Json, how: str = MERGE, part: str = "") -> Json:
        """Change an object; with a `metadata.resourceVersion` in the change only where it is still that one.

        Args:
            resource: its kind.
            name: its name.
            change: the patch.
            how: the patch's media type.
            part: a subresource, `scale`.

        Raises:
            Conflict: it was changed in between; nothing was changed.
            NotInCluster: there is none; nothing was changed.
            CommandFailed: the server refused; nothing was changed.
        """
        path = resource.path(self.namespace, name, part)
        answer = self.api.ask("PATCH", path, json=change, headers={"Content-Type": how})
        self._check_there(answer, resource, name)
        return self._json(answer, f"patch {resource.name} {name}")

    def replace(self, resource: Resource, body: Json) -> Json:
        """Put the object in place of the one with its `resourceVersion`. Raises as `patch` does."""
        name = body["metadata"]["name"]
        answer = self.api.ask("PUT", resource.path(self.namespace, name), json=body)
        self._check_there(answer, resource, name)
        return self._json(answer, f"replace {resource.name} {name}")

    def create(self, resource: Resource, body: Json) -> Json:
        """Make the object. Raises Conflict where there is one of that name, CommandFailed."""
        answer = self.api.ask("POST", resource.path(self.namespace), json=body)
        return self._json(answer, f"create {resource.name} {body['metadata']['name']}")

    def remove(self, resource: Resource, name: str) -> None:
        """Remove the object; a no-op where it is not there."""
        answer = self.api.ask("DELETE", resource.path(self.namespace, name))
        if answer.status_code != MISSING:
            self._json(answer, f"delete {resource.name} {name}")

    def log(
        self, pod: str, container: str, lines: int, *, before: bool = False, times: bool = False
    ) -> Sequence[str]:
        """The last lines of a container, oldest first; empty where it has none.

        Args:
            pod: its pod.
            container: its name there.
            lines: how many at most.
            before: those of its run before the last restart, which is the one that crashed.
            times: each line begins with its time, as the cluster writes it, and a blank.
        """
        params = {
            "container": container,
            "tailLines": str(lines),
            "limitBytes": str(LONGEST_LOG),
            "previous": str(before).lower(),
            "timestamps": str(times).lower(),
        }
        # 5xx: its node is away, and its logs with it.
        answer = self.api.ask("GET", POD.path(self.namespace, pod, "log"), settles=AWAY, params=params)
        if answer.status_code in {UNAUTHORIZED, FORBIDDEN}:
            raise self.api.refused(answer, self._doing(f"logs {pod}"))
        # A pod that is gone, or a container that never started, has none.
        found = answer.text.splitlines() if answer.is_success and lines else []
        return [line for line in found if not line.startswith(GONE)]

    def may(self, verb: str, resource: Resource, part: str = "") -> bool:
        """Whether our Role allows it. `part`: a subresource."""
        group, _, _ = resource.group.removeprefix("apis/").partition("/")
        asked = {
            "namespace": self.namespace,
            "verb": verb,
            "group": "" if group == "api" else group,
            "resource": resource.name,
            "subresource": part,
        }
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
        review = {**body, "spec": {"resourceAttributes": asked}}
        answer = self.api.ask("POST", ACCESS_REVIEWS, question=True, json=review)
        return bool(self._json(answer, f"auth can-i {verb} {resource.name}")["status"]["allowed"])

    def _missing(self, resource: Resource, name: str) -> NotInCluster:
        try:
            known = sorted(one["metadata"]["name"] for one in self.all(resource))
        except ClusterForbids:  # a Role may allow this one name alone
            known = []
        return NotInCluster(kind=resource.kind, name=name, namespace=self.namespace, known=known[:KNOWN])

    def _check_there(self, answer: httpx2.Response, resource: Resource, name: str) -> None:
        if answer.status_code == MISSING:
            raise NotInCluster(kind=resource.kind, name=name, namespace=self.namespace)

    def _json(self, answer: httpx2.Response, doing: str) -> Json:
        return self.api.json(answer, self._doing(doing))

    def _doing(self, doing: str) -> str:
        return f"--namespace {self.namespace} {doing}"


def _selector(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in labels.items())
