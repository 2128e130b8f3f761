"""Who else changes a Deployment."""

from typing import Any

import pytest

from blocks.kubernetes.owners import owner_of, warnings


def body(labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None) -> dict[str, Any]:
    return {"metadata": {"name": "api", "labels": labels, "annotations": annotations}}


@pytest.mark.parametrize(
    ("found", "tool", "hold"),
    [
        (body({"argocd.argoproj.io/instance": "shop"}), "Argo CD", "argocd app set shop --sync-policy none"),
        (
            body(None, {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:production/api"}),
            "Argo CD",
            "argocd app set shop --sync-policy none",
        ),
        (
            body(
                {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}
            ),
            "Flux",
            "flux suspend kustomization apps --namespace flux",
        ),
        (
            body({"helm.toolkit.fluxcd.io/name": "shop", "app.kubernetes.io/managed-by": "Helm"}),
            "Flux",
            "flux suspend helmrelease shop --namespace flux-system",
        ),
    ],
)
def test_a_gitops_tool_reverts_and_can_be_held(found: dict[str, Any], tool: str, hold: str) -> None:
    owner = owner_of(found)
    assert owner is not None
    assert (owner.tool, owner.reverts, owner.hold) == (tool, True, hold)
    assert warnings([found, found]) == [owner.warning]
    assert hold in owner.warning


def test_helm_changes_it_at_its_next_upgrade_only() -> None:
    owner = owner_of(body({"app.kubernetes.io/managed-by": "Helm"}, {"meta.helm.sh/release-name": "shop"}))
    assert owner is not None
    assert (owner.tool, owner.what, owner.reverts) == ("Helm", "shop", False)


def test_nobody_owns_the_rest() -> None:
    assert owner_of(body()) is None
    assert owner_of(body({"app.kubernetes.io/managed-by": "kustomize"})) is None
