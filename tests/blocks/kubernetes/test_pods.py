"""Pods as the API describes them: its words, cut short."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blocks.kubernetes.pods import Pod, pod
from blocks.kubernetes.tables import pods_table


def described(**status: Any) -> Pod:
    labels = {"app": "shop", "pod-template-hash": "5d4f"}
    return pod({"metadata": {"name": "shop-5d4f-x", "labels": labels}, "status": status})


def container(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "name": "app",
        "image": "shop:1",
        "imageID": "",
        "restartCount": 0,
        "ready": False,
        "state": state,
        **more,
    }


def test_one_that_runs() -> None:
    found = described(
        phase="Running",
        podIP="10.1.0.7",
        startTime="2026-11-22T12:25:00Z",
        conditions=[{"type": "Ready", "status": "True"}],
        containerStatuses=[container({"running": {}}, ready=True, restartCount=2)],
    )
    assert (found.ready, found.ip, found.restarts, found.reason, found.template) == (
        True,
        "10.1.0.7",
        2,
        "",
        "5d4f",
    )
    assert found.since == datetime(2026, 11, 22, 12, 25, tzinfo=UTC)
    assert not found.leaving


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [
        (
            {
                "containerStatuses": [
                    container({"waiting": {"reason": "ErrImagePull", "message": "no such image"}})
                ]
            },
            "ErrImagePull",
            "no such image",
        ),
        (
            {
                "initContainerStatuses": [
                    container({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}})
                ],
                "containerStatuses": [container({"waiting": {"reason": "PodInitializing"}})],
            },
            "CrashLoopBackOff",
            "back-off",
        ),
        (
            {"containerStatuses": [container({"terminated": {"reason": "OOMKilled", "exitCode": 137}})]},
            "OOMKilled",
            "",
        ),
        ({"containerStatuses": [container({"terminated": {"reason": "Completed", "exitCode": 0}})]}, "", ""),
        ({"reason": "Evicted", "message": "disk pressure"}, "Evicted", "disk pressure"),
        (
            {
                "conditions": [
                    {
                        "type": "PodScheduled",
                        "status": "False",
                        "reason": "Unschedulable",
                        "message": "0/1 nodes",
                    }
                ]
            },
            "Unschedulable",
            "0/1 nodes",
        ),
        ({}, "", ""),
    ],
)
def test_why_one_does_not_run(status: dict[str, Any], reason: str, message: str) -> None:
    found = described(phase="Pending", **status)
    assert (found.ready, found.reason, found.message) == (False, reason, message)


def test_which_container_crashed() -> None:
    last = {"lastState": {"terminated": {"reason": "Error", "exitCode": 3}}}
    found = described(containerStatuses=[container({"running": {}}, **last), container({"running": {}})])
    assert [one.crashed for one in found.containers] == [True, False]
    assert (found.containers[0].last_reason, found.containers[0].last_exit_code) == ("Error", 3)


def test_the_table_has_a_line_for_each() -> None:
    lines = pods_table(
        [described(phase="Running"), described(reason="Evicted", message="disk\npressure")]
    ).splitlines()
    assert lines[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "IP", "SINCE", "IMAGES", "MESSAGE"]
    assert lines[2].endswith("disk pressure")
    assert "Evicted" in lines[2]
