"""Who else changes a Deployment: GitOps tools that put back what git says, and Helm."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from blocks.kubernetes.resources import Json

ARGO_CD, FLUX, HELM = "Argo CD", "Flux", "Helm"
ARGO_TRACKING, ARGO_INSTANCE = "argocd.argoproj.io/tracking-id", "argocd.argoproj.io/instance"
FLUX_NAMES = {"kustomize.toolkit.fluxcd.io": "kustomization", "helm.toolkit.fluxcd.io": "helmrelease"}
MANAGED_BY, HELM_RELEASE = "app.kubernetes.io/managed-by", "meta.helm.sh/release-name"


@dataclass(frozen=True)
class Owner:
    """A tool that this object came from.

    Attributes:
        tool: its name.
        what: what it calls the thing that the object belongs to.
        reverts: whether it puts git's state back by itself.
        hold: the command that keeps it from that.
    """

    tool: str
    what: str
    reverts: bool
    hold: str

    @property
    def warning(self) -> str:
        """One line for a person: what becomes of a rollback."""
        if self.reverts:
            return f"{self.tool} ({self.what}) puts back what git says, and with it this change, unless it is held: {self.hold}"
        return f"{self.tool} ({self.what}) made it: the next `helm upgrade` or `helm rollback` puts its own state back"


def owner_of(body: Json) -> Owner | None:
    """The tool that the object's labels and annotations name; None where none does."""
    labels, told = body["metadata"].get("labels") or {}, body["metadata"].get("annotations") or {}
    argo = told.get(ARGO_TRACKING, "").partition(":")[0] or labels.get(
        ARGO_INSTANCE, told.get(ARGO_INSTANCE, "")
    )
    if argo:
        return Owner(ARGO_CD, argo, True, shlex.join(["argocd", "app", "set", argo, "--sync-policy", "none"]))  # noqa: FBT003
    for prefix, kind in FLUX_NAMES.items():
        name, place = labels.get(f"{prefix}/name"), labels.get(f"{prefix}/namespace", "flux-system")
        if name:
            hold = shlex.join(["flux", "suspend", kind, name, "--namespace", place])
            return Owner(FLUX, f"{kind} {name}", True, hold)  # noqa: FBT003
    if labels.get(MANAGED_BY) == HELM:
        return Owner(HELM, told.get(HELM_RELEASE, "a release"), False, "")  # noqa: FBT003
    return None


def warnings(bodies: Sequence[Json]) -> list[str]:
    """What to say of a change of these objects, each once."""
    found = [owner_of(body) for body in bodies]
    return list(dict.fromkeys(owner.warning for owner in found if owner and owner.reverts))
