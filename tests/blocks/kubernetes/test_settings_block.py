"""Credentials that prefect-kubernetes keeps: the fields are those of its release 0.8, as Prefect's API hands them out."""

from typing import Any

import pytest

from blocks.kubernetes.settings import ClusterSettings
from domain.errors import KubeconfigUnusable, NotLoggedIn
from tests.blocks.kubernetes.kubeconfigs import TOKEN, reads, users_own


@pytest.mark.cluster
def test_the_block_names_the_context_whatever_is_current(cluster: str) -> None:
    content = users_own()
    [named] = content["contexts"]
    other = {"name": "other", "context": {**named["context"], "user": "nobody"}}
    config = {
        **content,
        "users": [*content["users"], {"name": "nobody", "user": {"token": TOKEN}}],
        "contexts": [named, other],
        "current-context": "other",
    }
    block = {"config": config, "context_name": named["name"], "block_type_slug": "kubernetes-cluster-config"}
    assert reads(cluster, credentials=block)
    with pytest.raises(NotLoggedIn):
        reads(cluster, credentials=config)
    with pytest.raises(NotLoggedIn):
        reads(cluster, credentials=block, context="other")


@pytest.mark.parametrize("config", [None, {}])
def test_a_block_that_is_empty_is_not_taken_for_the_usual_place(config: dict[str, Any] | None) -> None:
    block = {"config": config, "context_name": "x"}
    settings = ClusterSettings.model_validate({"namespace": "shop", "credentials": block})
    with pytest.raises(KubeconfigUnusable, match="of `credentials`"), settings.cluster():
        pass
