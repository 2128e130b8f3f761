"""What `backout.yaml` may say of Deployments."""

from typing import Any

import pytest
from pydantic import ValidationError

from blocks.platforms.kubernetes import Kubernetes

GOOD: dict[str, Any] = {
    "kind": "kubernetes",
    "cluster": {"namespace": "production"},
    "address": "https://jarvis-ai.app",
    "deployments": {"api": {"name": "jarvis-api"}, "worker": {"name": "jarvis-worker"}},
    "config_maps": ["jarvis-config"],
    "flags": {"dashboard": {"variable": "FEATURE_NEW_DASHBOARD"}},
}


def test_the_first_deployment_is_the_main_one() -> None:
    assert Kubernetes.model_validate(GOOD).main == "api"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"deployments": {}}, "at least 1 item"),
        ({"deployments": {"config": {"name": "a"}}}, "no Deployment can be called config"),
        ({"deployments": {"api": {"name": "--all"}}}, "should match pattern"),
        ({"deployments": {"api": {"name": "a"}, "worker": {"name": "a"}}}, "a Deployment is named twice"),
        ({"flags": {"f": {"variable": "F", "deployment": "web"}}}, "web is not one of `deployments`"),
        ({"flags": {"f": {"variable": "F", "config_map": "web"}}}, "web is not one of `config_maps`"),
        ({"flags": {"f": {"variable": "F=1"}}}, "should match pattern"),
    ],
)
def test_what_would_fail_later_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Kubernetes.model_validate(GOOD | wrong)
