"""What is kept before anything changes, on a real cluster."""

import pytest

from blocks.platforms.kubernetes import Kubernetes
from tests.blocks.kubernetes.deployed import API, NEW, OLD, WORKER, Jarvis
from tests.blocks.platforms.in_place_contract import SECRET
from tests.blocks.waiting import wait_until

pytestmark = pytest.mark.cluster


def test_objects_events_and_configuration_are_kept(platform: Kubernetes) -> None:
    texts = platform.configuration()
    files = {
        "platform.yaml",
        "deployments.yaml",
        "revisions.txt",
        "pods.txt",
        "events.txt",
        "config_maps.yaml",
    }
    assert set(texts) == files
    assert f"kubernetes.io/change-cause: release-{NEW}" in texts["deployments.yaml"]
    in_place = [line.split()[2] for line in texts["revisions.txt"].splitlines() if "  yes  " in line]
    assert (in_place, OLD in texts["revisions.txt"]) == ([NEW, NEW], True)
    assert texts["pods.txt"].count("  yes    Running  ") == 2
    objects = {line.split()[3] for line in texts["events.txt"].splitlines() if "ScalingReplicaSet" in line}
    assert objects == {f"deployment/{API}", f"deployment/{WORKER}"}
    assert "SETTING_GREETING: good morning" in texts["config_maps.yaml"]


def test_the_logs_of_what_crashes_are_kept_without_its_secrets(jarvis: Jarvis, platform: Kubernetes) -> None:
    jarvis.kubectl("set", "env", f"deployment/{WORKER}", "CRASH=3")
    wait_until(lambda: crashed(platform), "the crash")
    assert crashed(platform) == ["jarvis-worker starts\ncannot go on with **********"]
    assert SECRET not in str(platform.configuration())


def crashed(platform: Kubernetes) -> list[str]:
    return [
        text for name, text in platform.configuration().items() if name.startswith("crashed/jarvis-worker-")
    ]


def test_lines_of_several_pods_say_whose_they_are(platform: Kubernetes) -> None:
    lines = platform.logs(NEW, 10)
    assert len(lines) == 2
    assert sorted(line.partition(" | ")[2] for line in lines) == [
        "jarvis-api listens", "jarvis-worker listens",
    ]  # fmt: skip
