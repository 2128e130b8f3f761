"""`pods:NAMESPACE/DEPLOYMENT`, with `:/FOLDER` the disk that is filled: a Deployment's pods in the cluster of `KUBECONFIG`.

A namespace in capitals is the variable that holds it: none is called so (RFC 1123), and a drill's commands hold no references.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, ClassVar

from domain.errors import BackoutError, CommandFailed, ConfigurationError
from examples.faults.contract import Fault, Target
from examples.faults.disk import MOST_MIB, Disk
from examples.faults.program import ran
from examples.faults.switch import OFF, PLACE, SWITCHED, asking_for

AGAIN_SECONDS = 1.0
MARK = "backout.dev/fault"
"""Annotation of a Deployment that we broke: fault -> what undoing needs."""

Object = dict[str, Any]


class Pods(Target):
    """All pods of a Deployment, also those that come later. Its pod template is left alone: a fault is no release."""

    kind: ClassVar[str] = "pods"
    faults: ClassVar[Mapping[Fault, str]] = {
        **SWITCHED,
        Fault.FAILING_HEALTH: "no pod is ready: users get no answer",
        Fault.CRASH_LOOP: "each container exits, and again after each start, until the kubelet waits longer and longer",
        Fault.DEAD_DEPENDENCY: "it has no pods: who needs it gets no answer",
        Fault.FULL_DISK: f"the folder's disk is filled in each pod; one with more than {MOST_MIB} MiB free is refused",
    }

    def __init__(self, place: str) -> None:
        super().__init__(place)
        named, _, self._folder = place.partition(":")
        said, _, self._name = named.partition("/")
        self._namespace = os.environ.get(said, "") if said.isupper() else said
        self._written: set[str] = set()

    @contextmanager
    def inject(self, fault: Fault, until: float) -> Iterator[None]:
        """Mark the Deployment, then scale it to nothing; or fill the disk, or turn the switch, in each pod as long as it lasts."""
        deployment = self._deployment()
        if deployment is None:
            raise ConfigurationError("command line", "TARGET", f"no Deployment {self.place}: NAMESPACE/NAME")
        replicas = deployment["spec"]["replicas"]
        self._kubectl("annotate", "deployment", self._name, f"{_mark(fault)}={replicas}", "--overwrite")
        if fault is Fault.DEAD_DEPENDENCY:
            self._scale(0)
            yield
            return
        turn = partial(self._turn, asking_for(fault, until))
        with self._in_each(self._fill if fault is Fault.FULL_DISK else turn):
            yield

    def undo(self, fault: Fault) -> None:
        """Where the Deployment is marked: its pods are there again, their switch is off, none waits for its next start.

        What filled their disk is gone.
        """
        deployment = self._deployment()
        kept = (deployment or {}).get("metadata", {}).get("annotations", {}).get(_mark(fault))
        if deployment is None or kept is None:
            return
        if fault is Fault.DEAD_DEPENDENCY:
            if deployment["spec"]["replicas"] == 0:
                self._scale(int(kept))
        elif fault is Fault.FULL_DISK:
            self._empty()
        else:
            self._written.clear()
            self._turn(OFF)
            self._start_anew()
        self._kubectl("annotate", "deployment", self._name, f"{_mark(fault)}-")

    @contextmanager
    def _in_each(self, broken: Callable[[], int]) -> Iterator[None]:
        """`broken`: breaks what is not broken yet; how many are."""
        over = threading.Event()
        if not broken():
            raise ConfigurationError("command line", "TARGET", f"no pod of {self.place} runs")
        thread = threading.Thread(target=_loop, args=(broken, over), name="pods", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _turn(self, content: str) -> int:
        """Write it into each running container that has not got it yet; how many have it by now."""
        for pod in self._pods():
            for status in pod.get("status", {}).get("containerStatuses", []):
                if "running" in status["state"] and status["containerID"] not in self._written:
                    self._write(pod["metadata"]["name"], status, content)
        return len(self._written)

    def _write(self, pod: str, status: Object, content: str) -> None:
        with suppress(CommandFailed):  # it may end in this moment
            self._kubectl("exec", "-i", pod, "-c", status["name"], "--", "tee", PLACE, given=content)
            self._written.add(status["containerID"])

    def _fill(self) -> int:
        """The disk of each running pod that is not full yet; a disk outlives its containers. How many are by now."""
        for pod in self._pods():
            if _runs(pod) and pod["metadata"]["uid"] not in self._written:
                self._disk(pod).fill()
                self._written.add(pod["metadata"]["uid"])
        return len(self._written)

    def _empty(self) -> None:
        """A pod that runs no program now, not even `rm`, is replaced, and its disk with it."""
        for pod in self._pods():
            if _runs(pod):
                self._emptied(pod)
            else:
                self._replace(pod)

    def _emptied(self, pod: Object) -> None:
        try:
            self._disk(pod).empty()
        except CommandFailed:
            if any(one["metadata"]["uid"] == pod["metadata"]["uid"] for one in self._pods()):
                raise

    def _disk(self, pod: Object) -> Disk:
        """As its first container has it."""
        return Disk(self._folder, partial(self._run_in, pod))

    def _run_in(self, pod: Object, *argv: str) -> str:
        said = self._kubectl("exec", pod["metadata"]["name"], "-c", _first(pod), "--", *argv)
        return said.decode(errors="replace")

    def _start_anew(self) -> None:
        """The kubelet waits up to five minutes before it starts one again: its pod is replaced."""
        for pod in self._pods():
            states = [status["state"] for status in pod.get("status", {}).get("containerStatuses", [])]
            if any(not state.get("running") for state in states):
                self._replace(pod)

    def _replace(self, pod: Object) -> None:
        self._kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false", "--ignore-not-found")

    def _pods(self) -> list[Object]:
        """Those that stay."""
        deployment = self._deployment()
        labels = deployment["spec"]["selector"]["matchLabels"] if deployment else {}
        if not labels:
            return []
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        found: list[Object] = json.loads(self._kubectl("get", "pods", "-l", selector, "-o", "json"))["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def _deployment(self) -> Object | None:
        said = self._kubectl("get", "deployment", self._name, "--ignore-not-found", "-o", "json")
        found: Object | None = json.loads(said) if said.strip() else None
        return found

    def _scale(self, replicas: int) -> None:
        self._kubectl("scale", "deployment", self._name, f"--replicas={replicas}")

    def _kubectl(self, *arguments: str, given: str = "") -> bytes:
        if not self._namespace or not self._name:
            raise ConfigurationError("command line", "TARGET", f"{self.place}: write NAMESPACE/DEPLOYMENT")
        argv = ["kubectl", "--namespace", self._namespace, "--request-timeout=30s", *arguments]
        return ran(argv, given.encode())


def _loop(broken: Callable[[], int], over: threading.Event) -> None:
    """A container that starts again has lost the file, and a new pod never had it."""
    while not over.wait(AGAIN_SECONDS):
        with suppress(BackoutError):
            broken()


def _first(pod: Object) -> str:
    return str(pod["spec"]["containers"][0]["name"])


def _runs(pod: Object) -> bool:
    """Whether a program can be run in its first container."""
    states = {one["name"]: one["state"] for one in pod.get("status", {}).get("containerStatuses", [])}
    return "running" in states.get(_first(pod), {})


def _mark(fault: Fault) -> str:
    return f"{MARK}-{fault}"
