"""Why a rollout stalls, on a real cluster: each reason as people meet it."""

from collections.abc import Iterator
from typing import Any

import pytest

from blocks.kubernetes.rollout import wait_for
from blocks.platforms.kubernetes import Kubernetes
from domain.errors import RolloutStalled
from tests.blocks.kubernetes.deployed import API, NEW, VERSION_LABEL, Jarvis
from tests.blocks.kubernetes.image import PORT
from tests.blocks.platforms.in_place_contract import SECRET

pytestmark = pytest.mark.cluster
BAD = "3.0"
Change = dict[str, Any]


def why(jarvis: Jarvis, platform: Kubernetes) -> str:
    """What the rollout of the API is given up with; traffic stays with the pods that were there."""
    with platform.site.cluster() as cluster, pytest.raises(RolloutStalled) as raised:
        wait_for(platform.site, cluster, {"api": BAD})
    assert (raised.value.deployment, raised.value.release) == (API, BAD)
    assert jarvis.answering() == NEW
    assert SECRET not in str(raised.value)
    assert platform.route().slot == BAD
    assert not platform.slot(BAD).running
    return raised.value.why


def deploy(jarvis: Jarvis, container: Change, **spec: Any) -> None:
    """A release that cannot start, the API's alone."""
    changed = {"name": "app", **container}
    labels = {"labels": {VERSION_LABEL: BAD}}
    template = {"metadata": labels, "spec": {"containers": [changed], **spec}}
    patch = {"spec": {"template": template}}
    jarvis.kubectl("patch", "deployment", API, "--patch-file=/dev/stdin", document=patch)


def variable(name: str, value: str) -> Change:
    return {"env": [{"name": name, "value": value}]}


def test_an_image_that_does_not_exist(jarvis: Jarvis, platform: Kubernetes) -> None:
    deploy(jarvis, {"image": "backout-no-such-image:3.0"})
    said = why(jarvis, platform)
    assert "ErrImagePull of backout-no-such-image:3.0: " in said or "ImagePullBackOff of backout-no" in said


def test_a_crash_loop_with_the_last_lines_of_its_log(jarvis: Jarvis, platform: Kubernetes) -> None:
    deploy(jarvis, variable("CRASH", "7"))
    said = why(jarvis, platform)
    assert "container app ended with exit code 7" in said
    assert "its log ends: jarvis-api starts | cannot go on with **********" in said


@pytest.mark.full_matrix
def test_a_probe_that_fails(jarvis: Jarvis) -> None:
    platform = jarvis.platform(rollout_timeout_s=16)
    deploy(jarvis, variable("UNREADY", "1"))
    said = why(jarvis, platform)
    assert said.startswith("not all pods are ready after 16 s; pod jarvis-api-")
    assert "HTTP probe failed with statuscode: 503" in said or "its readiness probe does not pass" in said


def test_a_secret_that_is_missing(jarvis: Jarvis, platform: Kubernetes) -> None:
    deploy(jarvis, {"envFrom": [{"secretRef": {"name": "not-there"}}]})
    assert 'CreateContainerConfigError: secret "not-there" not found' in why(jarvis, platform)


@pytest.mark.full_matrix
def test_a_node_that_is_nowhere(jarvis: Jarvis) -> None:
    deploy(jarvis, {}, nodeSelector={"disktype": "none-such"})
    said = why(jarvis, jarvis.platform(rollout_timeout_s=3))
    assert "Unschedulable" in said


@pytest.mark.full_matrix
def test_a_readiness_deadline_of_the_deployment_itself(jarvis: Jarvis, platform: Kubernetes) -> None:
    deploy(jarvis, {"readinessProbe": {"httpGet": {"path": "/nowhere", "port": PORT + 1}}})
    patch = {"spec": {"progressDeadlineSeconds": 2}}
    jarvis.kubectl("patch", "deployment", API, "--patch-file=/dev/stdin", document=patch)
    try:
        said = why(jarvis, platform)
    finally:
        patch = {"spec": {"progressDeadlineSeconds": 600}}
        jarvis.kubectl("patch", "deployment", API, "--patch-file=/dev/stdin", document=patch)
    assert "is not ready" in said or "within its progressDeadlineSeconds" in said


@pytest.fixture
def quota(jarvis: Jarvis) -> Iterator[None]:
    """No pod more than there are."""
    jarvis.kubectl("create", "quota", "full", "--hard=pods=2")
    yield
    jarvis.kubectl("delete", "quota", "full")


@pytest.mark.usefixtures("quota")
def test_a_quota(jarvis: Jarvis, platform: Kubernetes) -> None:
    deploy(jarvis, variable("FEATURE_X", "1"))
    said = why(jarvis, platform)
    assert said.startswith("no pod can be made (FailedCreate): ")
    assert "exceeded quota: full" in said
