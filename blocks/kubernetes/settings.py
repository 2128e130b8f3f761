"""Which cluster and namespace, and who we are there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import httpx2
from pydantic import BaseModel, ConfigDict, Field, Secret, StringConstraints

from blocks.fields import AbsolutePath
from blocks.kubernetes.api import Api
from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.kubeconfig import Kubeconfig

CONNECT_S = 5.0

BLOCK = {"config", "context_name"}
"""The fields of prefect-kubernetes' `KubernetesClusterConfig`, which `KubernetesCredentials` has as its `cluster_config`."""

ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253)]
"""A name as Kubernetes allows it (RFC 1123): it can never be taken for an option or a path."""


class ClusterSettings(BaseModel):
    """One namespace of one cluster. Without `kubeconfig` and `credentials`: `KUBECONFIG`, a pod's own account, `~/.kube/config`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    namespace: ObjectName = Field(description="The namespace that the application runs in.")
    kubeconfig: AbsolutePath | None = Field(
        default=None,
        description="A kubeconfig file; default: `KUBECONFIG`, then a pod's own service account, then `~/.kube/config`.",
    )
    context: str | None = Field(
        default=None, description="The kubeconfig's context; default: its current one."
    )
    credentials: Secret[dict[str, Any]] | None = Field(
        default=None,
        description="A kubeconfig's content, or a block of prefect-kubernetes that has one, with its context:"
        " `block:kubernetes-credentials/NAME.cluster_config`.",
    )
    timeout_s: float = Field(
        default=10.0, gt=0, le=120, description="Seconds for each answer of the API server."
    )
    away_s: float = Field(
        default=60.0,
        ge=0,
        le=600,
        description="Seconds that an API server which does not answer is waited for.",
    )

    @contextmanager
    def cluster(self) -> Iterator[Cluster]:
        """The namespace, connected to. The kubeconfig is read anew each time: a credential may have been renewed.

        Raises:
            KubeconfigUnusable: there is no kubeconfig that can be used.
        """
        content, context = self._given()
        timeout = httpx2.Timeout(self.timeout_s, connect=min(CONNECT_S, self.timeout_s))
        http, address = Kubeconfig(self.kubeconfig, content, context).client(timeout)
        with http:
            yield Cluster(Api(http, address, self.away_s), self.namespace)

    def _given(self) -> tuple[Mapping[str, Any] | None, str | None]:
        """The kubeconfig's content, and the context. A block of prefect-kubernetes names its own, whatever is current."""
        content = None if self.credentials is None else self.credentials.get_secret_value()
        if content is None or not content.keys() >= BLOCK:
            return content, self.context
        return content["config"] or {}, self.context or content["context_name"]
