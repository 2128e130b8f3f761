"""A Kubernetes cluster did not do its part, or may not be asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from domain.errors.base import BackoutError
from domain.errors.machines import NotPermitted, Unreachable


@dataclass(eq=False)
class ClusterUnavailable(Unreachable):
    """The cluster's API server does not answer, or answers that it cannot now."""

    def next_step(self) -> str:
        return (
            "`kubectl get --raw /readyz` says more; pods go on serving without it. Try again when it answers"
        )


@dataclass(eq=False)
class NotLoggedIn(NotPermitted):
    """The API server does not take this credential: it is wrong, or has expired (401)."""

    def next_step(self) -> str:
        return "log in to the cluster again, or renew the credential that backout.yaml or KUBECONFIG names; then try again"


@dataclass(eq=False)
class KubeconfigUnusable(NotPermitted):
    """There is no kubeconfig, or not one that says who we are in which cluster."""

    def next_step(self) -> str:
        return (
            "correct it, or name another file or context in backout.yaml and run `backout apply`; where `kubectl get pods`"
            " works, `kubectl config view` shows what it uses"
        )


@dataclass(eq=False)
class ClusterUntrusted(NotPermitted):
    """The API server shows a certificate that the kubeconfig's CA did not sign: it may be another machine."""

    def next_step(self) -> str:
        return "compare `certificate-authority-data` of the kubeconfig with the cluster's own CA; get a new kubeconfig where it was renewed"


@dataclass(eq=False)
class ClusterForbids(NotPermitted):
    """The credential is good, and its Role does not allow this (403)."""

    def what(self) -> str:
        return f"{self.what_it_is} {self.address} refuses: {self.why}"

    def next_step(self) -> str:
        return "let its Role allow it (docs/kubernetes.md has the one that is enough); `kubectl auth can-i` shows what it may do"


@dataclass(eq=False)
class NotInCluster(BackoutError):
    """An object that the settings name is not there.

    Attributes:
        kind: as Kubernetes calls it: `Deployment`.
        known: those of this kind that are there.
    """

    kind: str
    name: str
    namespace: str
    known: Sequence[str] = ()

    def what(self) -> str:
        there = f"; there are {', '.join(self.known)}" if self.known else ""
        return f"namespace {self.namespace} has no {self.kind} {self.name}{there}"

    def next_step(self) -> str:
        return "correct the name in backout.yaml and run `backout apply`, or create it"


@dataclass(eq=False)
class RolloutStalled(BackoutError):
    """The new pods of a Deployment do not become ready; the old ones go on serving as far as they were kept.

    Attributes:
        why: what was seen of its pods: `ErrImagePull`, a crash with its last log lines, a quota, a failing probe.
    """

    retryable: ClassVar[bool] = False
    deployment: str
    release: str
    why: str

    def what(self) -> str:
        return f"the rollout of {self.deployment} to {self.release} does not go on: {self.why}"

    def next_step(self) -> str:
        return f"`kubectl describe deployment/{self.deployment}` and its pods say more; mend that, or go back to another release"
