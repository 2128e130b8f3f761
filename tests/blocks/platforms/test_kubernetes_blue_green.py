"""`kubernetes_blue_green` on the real cluster."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from pydantic import ValidationError

from blocks.kubernetes.cluster import Cluster
from blocks.kubernetes.resources import AUTOSCALER, DEPLOYMENT
from blocks.kubernetes.scaling import remembered, scale
from blocks.platforms.contract import Standing, Unproven
from blocks.platforms.kubernetes_blue_green import KubernetesBlueGreen
from blocks.program import MASK
from domain.errors import CommandFailed, Conflict, NotInstalled, NotPrepared, UnknownRemedy
from tests.blocks.kubernetes.colours import Colours, blue_green
from tests.blocks.platforms.contract import PlatformContract, look
from tests.blocks.platforms.install_contract import NEW, InstallContract, install
from tests.blocks.platforms.restart_contract import RestartContract
from tests.blocks.waiting import wait_until

if TYPE_CHECKING:
    from docker import DockerClient

pytestmark = pytest.mark.cluster

SLOTS = {"blue": 1, "green": 0}


def connected_again(address: str, client: httpx.Client | None = None) -> str | None:
    """The slot that answers this client, or a new one, whose old connection may be found broken; None where nobody does."""
    ask = client.get if client else partial(httpx.get, trust_env=False)
    for _ in range(2):
        with suppress(httpx.TransportError):
            slot: str = ask(address, timeout=10).json()["slot"]
            return slot
    return None


@pytest.fixture(scope="module")
def colours(api: Cluster, engine: "DockerClient", application: str) -> Iterator[Colours]:
    """The next release's image is there; another tag of the same."""
    made = Colours(api, engine, application, f"shop-{secrets.token_hex(2)}")
    engine.images.get(application).tag(made.name, NEW)
    made.create(SLOTS)
    yield made
    engine.images.remove(f"{made.name}:{NEW}", force=True)


@pytest.fixture
def given(colours: Colours) -> dict[str, Any]:
    colours.reset(SLOTS)
    return {**blue_green(colours, SLOTS), "image": f"{colours.name}:{{release}}"}


@pytest.fixture
def platform(given: dict[str, Any]) -> KubernetesBlueGreen:
    made = KubernetesBlueGreen.model_validate(given)
    wait_until(lambda: connected_again(made.address) == "blue", "blue")
    return made


@pytest.fixture
def spoil(colours: Colours) -> Callable[[str], None]:
    return lambda slot: colours.touch(slot, "/tmp/unhealthy")


@pytest.fixture
def kill(colours: Colours) -> Callable[[str], None]:
    return colours.kill


class TestKubernetesBlueGreen(PlatformContract, RestartContract, InstallContract):
    def test_a_slot_at_0_comes_up_to_as_many_pods_as_serve(
        self, platform: KubernetesBlueGreen, colours: Colours
    ) -> None:
        colours.scale("blue", 2)
        colours.wait_for({"blue": 2})
        ready = platform.prepare("green", look)
        assert isinstance(ready, Standing)
        assert ready.slot.detail == f"2 of 2 pods of Deployment {colours.name}-green are ready"
        assert colours.count("green") == 2

    def test_a_stopped_slot_comes_back_to_what_it_had(
        self, platform: KubernetesBlueGreen, colours: Colours, api: Cluster
    ) -> None:
        colours.scale("green", 2)
        platform.stop("green")
        platform.stop("green")
        assert colours.count("green") == 0
        assert remembered(api.get(DEPLOYMENT, f"{colours.name}-green")) == 2
        platform.start("green")
        assert colours.count("green") == 2
        with pytest.raises(Conflict, match="slot blue is serving"):
            platform.stop("blue")

    def test_what_got_the_traffic_while_it_was_stopped_is_started_too(
        self, platform: KubernetesBlueGreen, colours: Colours
    ) -> None:
        """With `kubectl patch service`, in the moment between the last look and the stop."""
        colours.scale("blue", 2)
        scale(colours.cluster, f"{colours.name}-blue", 0)
        platform.start("blue")
        assert (platform.route().slot, colours.count("blue")) == ("blue", 2)

    def test_traffic_never_goes_to_pods_that_are_not_there(
        self, platform: KubernetesBlueGreen, colours: Colours
    ) -> None:
        before = platform.route()
        with pytest.raises(NotPrepared, match=r"slot green \(1.0\).*scaled to 0"):
            platform.activate("green", before)
        colours.change("green", {"spec": {"replicas": 1}})
        colours.wait_for({"green": 1})
        colours.change("green", {"spec": {"replicas": 2}})
        with pytest.raises(Conflict, match=r"1 of 2 pods.*not ready as seen"):
            platform.activate("green", before)
        assert platform.route() == before
        colours.wait_for({"green": 2})
        assert platform.activate("green", before).changed

    def test_a_paused_deployment_is_refused_with_what_to_do(
        self, platform: KubernetesBlueGreen, colours: Colours
    ) -> None:
        colours.change("green", {"spec": {"paused": True}})
        outcome = platform.prepare("green", look)
        assert isinstance(outcome, Unproven)
        assert f"kubectl rollout resume deployment/{colours.name}-green -n " in outcome.reason
        assert colours.count("green") == 0
        [checkup] = [one for one in platform.examine() if one.finding.on == "green"]
        assert (checkup.bad, checkup.finding.symptom) == (True, "paused")

    def test_the_evidence_says_what_runs_and_what_happened(
        self, platform: KubernetesBlueGreen, colours: Colours
    ) -> None:
        texts = platform.configuration()
        blue, green = yaml.safe_load_all(texts["deployments.yaml"])
        variables = {
            one["name"]: one["value"] for one in blue["spec"]["template"]["spec"]["containers"][0]["env"]
        }
        assert (variables["APP_VERSION"], variables["DATABASE_URL"]) == ("2.0", MASK)
        assert green["spec"]["replicas"] == 0
        assert colours.pods("blue")[0].name in texts["pods.txt"]
        assert f"deployment/{colours.name}-blue" in texts["events.txt"]

    def test_the_settings_survive_being_written_and_read(self, platform: KubernetesBlueGreen) -> None:
        assert KubernetesBlueGreen.model_validate(platform.model_dump()) == platform

    def test_doctor_is_told_what_is_down_and_starts_it(
        self, platform: KubernetesBlueGreen, colours: Colours
    ) -> None:
        found = {checkup.finding.on: checkup for checkup in platform.examine()}
        assert not found["blue"].bad
        assert [remedy.name for remedy in found["green"].remedies] == ["start green"]
        assert platform.mend("start green") == "slot green was scaled up"
        assert colours.count("green") == 1
        for unknown in ("start nobody", "pray"):
            with pytest.raises(UnknownRemedy):
                platform.mend(unknown)

    def test_an_image_that_is_nowhere_is_unproven(self, given: dict[str, Any]) -> None:
        platform = KubernetesBlueGreen.model_validate(given)
        install(platform, "green", "9.9")
        outcome = platform.prepare("green", look)
        assert isinstance(outcome, Unproven)
        assert ":9.9" in outcome.reason
        assert ":9.9" in platform.lacking("green")

    def test_what_its_pods_lack_is_known_before_anybody_needs_them(
        self, platform: KubernetesBlueGreen, colours: Colours
    ) -> None:
        state = {"name": "state", "emptyDir": {}}

        def mount(**config_map: object) -> None:
            volumes = [state, {"name": "more", "configMap": config_map}] if config_map else [state]
            colours.change("green", {"spec": {"template": {"spec": {"volumes": volumes}}}})

        assert platform.lacking("green") == ""
        try:
            mount(name="gone")
            assert platform.lacking("green") == "ConfigMap gone is not there"
            mount(name="gone", optional=True)
            assert platform.lacking("green") == ""
        finally:
            mount()

    def test_what_cannot_be_a_label_changes_nothing(
        self, platform: KubernetesBlueGreen, given: dict[str, Any]
    ) -> None:
        with pytest.raises(CommandFailed, match="Invalid value"):
            install(platform, "green", "3.0+" + "x" * 20)
        assert platform.slot("green").version == "1.0"
        alone = KubernetesBlueGreen.model_validate({**given, "image": None})
        assert (alone.installs, platform.installs) == (False, True)
        with pytest.raises(NotInstalled, match="`image` is not set"):
            alone.install("green", NEW)

    @pytest.mark.parametrize("image", ["shop:latest", "{registry}/shop:{release}"])
    def test_an_image_names_its_release_and_nothing_else(self, given: dict[str, Any], image: str) -> None:
        with pytest.raises(ValidationError, match=r"by \{release\}"):
            KubernetesBlueGreen.model_validate({**given, "image": image})

    def test_an_autoscaler_and_gitops_are_told(
        self, platform: KubernetesBlueGreen, colours: Colours, api: Cluster
    ) -> None:
        name = f"{colours.name}-green"
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 4}
        metadata = {"name": name}
        api.create(AUTOSCALER, {"kind": "HorizontalPodAutoscaler", "metadata": metadata, "spec": spec})
        colours.change("green", {"metadata": {"labels": {"argocd.argoproj.io/instance": "shop"}}})
        try:
            told = [checkup.finding.said for checkup in platform.examine() if checkup.finding.on == "green"]
            assert any(f"HorizontalPodAutoscaler {name} keeps 2 to 4 pods" in said for said in told)
            assert any("Argo CD (shop) puts back what git says" in said for said in told)
            assert isinstance(platform.prepare("green", look), Standing)
            assert "Argo CD" in platform.activate("green", platform.route()).cost
        finally:
            api.remove(AUTOSCALER, name)
            colours.change("green", {"metadata": {"labels": {"argocd.argoproj.io/instance": None}}})

    @pytest.mark.full_matrix
    def test_connections_are_moved_where_it_is_asked_for(
        self, given: dict[str, Any], platform: KubernetesBlueGreen, colours: Colours
    ) -> None:
        colours.scale("blue", 2)
        colours.wait_for({"blue": 2})
        platform.prepare("green", look)
        assert not platform.aligns
        moving = KubernetesBlueGreen.model_validate({**given, "move_connections": True})
        assert moving.aligns
        before = {pod.name for pod in colours.pods("blue")}
        with httpx.Client(trust_env=False, timeout=10) as kept:
            assert kept.get(moving.address).json()["slot"] == "blue"
            moving.activate("green", moving.route())
            assert kept.get(moving.address).json()["slot"] == "blue"
            assert moving.align("green", thorough=False).done == [
                "connections to blue: its 2 pods were restarted one by one"
            ]
            assert connected_again(moving.address, kept) == "green"
        assert before.isdisjoint(pod.name for pod in colours.pods("blue"))
        assert platform.slot("blue").running
