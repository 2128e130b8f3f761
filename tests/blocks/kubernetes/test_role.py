"""The Role that docs/kubernetes.md says is enough, on a real cluster: a rollback with nothing more."""

import re
from pathlib import Path

import pytest
import yaml

from domain.findings import Verdict
from tests.blocks.kubernetes.deployed import NEW, OLD, Jarvis
from tests.blocks.kubernetes.kubeconfigs import token_of, with_user, written

pytestmark = pytest.mark.cluster
PAGE = Path(__file__).parents[3] / "docs" / "kubernetes.md"


@pytest.fixture
def account(jarvis: Jarvis, tmp_path: Path) -> Path:
    """A kubeconfig of an account with that Role."""
    found = re.search(r"```yaml\n(apiVersion: rbac.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    role = yaml.safe_load(found[1])
    role["metadata"]["namespace"] = jarvis.namespace
    jarvis.kubectl("apply", "-f", "-", document=role)
    jarvis.kubectl("create", "serviceaccount", "backout")
    who = f"--serviceaccount={jarvis.namespace}:backout"
    jarvis.kubectl("create", "rolebinding", "backout", "--role=backout", who)
    return written(tmp_path / "kubeconfig", with_user({"token": token_of(jarvis.namespace, "backout")}))


def test_it_is_enough(jarvis: Jarvis, account: Path) -> None:
    platform = jarvis.platform(cluster={"namespace": jarvis.namespace, "kubeconfig": account})
    assert {one.finding.verdict for one in platform.examine()} == {Verdict.OK}
    platform.activate(OLD, platform.route())
    assert jarvis.answering() == platform.route().slot == OLD
    flag = platform.only("flag:search")
    flag.activate("off", flag.route())
    platform.activate(NEW, platform.route())
    assert platform.keep("another") == []
    texts = platform.configuration()
    assert "could not be read" not in str(texts)
    assert platform.logs(NEW, 1)
    assert platform.usage(NEW) is None
