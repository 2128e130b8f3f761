"""Who we are in which cluster: every place a kubeconfig can be in, and the ones that are no good."""

import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from blocks.kubernetes import kubeconfig
from blocks.kubernetes.resources import CONFIG_MAP
from blocks.kubernetes.settings import ClusterSettings
from domain.errors import ClusterForbids, ClusterUntrusted, KubeconfigUnusable, NotLoggedIn
from tests.blocks.kubernetes.api_proxy import kubectl
from tests.blocks.kubernetes.kubeconfigs import TOKEN, reads, token_of, users_own, with_user, written
from tests.blocks.waiting import wait_until
from tests.fakes.certificates import self_signed

ACCOUNT_POD: dict[str, Any] = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "account"}}


@pytest.fixture
def account(cluster: str) -> Iterator[dict[str, Any]]:
    """A kubeconfig's user with a real token of a service account that may do nothing; it ends with the test."""
    kubectl(cluster, "create", "serviceaccount", "nobody")
    yield {"token": token_of(cluster, "nobody")}
    kubectl(cluster, "delete", "serviceaccount", "nobody", "--ignore-not-found")


@pytest.mark.cluster
def test_a_file_is_read_anew_each_time(cluster: str, tmp_path: Path) -> None:
    settings = ClusterSettings(namespace=cluster, kubeconfig=written(tmp_path / "k", {}))
    with pytest.raises(KubeconfigUnusable), settings.cluster():
        pass
    written(tmp_path / "k", users_own())
    with settings.cluster() as connected:
        assert connected.serves(CONFIG_MAP)


@pytest.mark.cluster
def test_kubeconfig_of_the_environment(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(written(tmp_path / "k", users_own())))
    assert reads(cluster)


@pytest.mark.cluster
def test_kubeconfig_may_name_several_files(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {"clusters": [], "contexts": [], "users": [], "current-context": users_own()["current-context"]}
    files = [tmp_path / "away", written(tmp_path / "a", other), written(tmp_path / "b", users_own())]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(map(str, files)))
    assert reads(cluster)


@pytest.mark.cluster
def test_the_usual_place(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".kube").mkdir()
    written(tmp_path / ".kube/config", users_own())
    assert reads(cluster)


@pytest.mark.cluster
def test_a_context_is_chosen(cluster: str, account: dict[str, Any]) -> None:
    content = users_own()
    named = content["contexts"][0]["context"]
    two = {
        **content,
        "users": [*content["users"], {"name": "nobody", "user": account}],
        "contexts": [*content["contexts"], {"name": "other", "context": {**named, "user": "nobody"}}],
    }
    assert reads(cluster, credentials=two)
    with pytest.raises(ClusterForbids, match="cannot list resource") as caught:
        reads(cluster, credentials=two, context="other")
    assert "docs/kubernetes.md" in caught.value.next_step()
    assert account["token"] not in str(caught.value)
    with pytest.raises(KubeconfigUnusable, match=r"no context elsewhere; there are .*other"):
        reads(cluster, credentials=two, context="elsewhere")


@pytest.mark.cluster
def test_a_pod_s_own_account(cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the kubelet puts into a pod, its CA included; at the address that this host reaches."""
    image = {"name": "main", "image": "backout-base:bookworm", "imagePullPolicy": "IfNotPresent"}
    spec = {"containers": [{**image, "command": ["sleep", "600"]}], "terminationGracePeriodSeconds": 0}
    kubectl(cluster, "apply", "--filename", "-", given={**ACCOUNT_POD, "spec": spec})
    kubectl(cluster, "wait", "--for=condition=Ready", "pod/account", "--timeout=120s")
    for name in ("token", "namespace", "ca.crt"):
        found = kubectl(cluster, "exec", "account", "--", "cat", f"{kubeconfig.ACCOUNT}/{name}")
        (tmp_path / name).write_text(found)
    kubectl(cluster, "delete", "pod", "account", "--wait=false")
    monkeypatch.delenv("KUBECONFIG")
    server = httpx2.URL(users_own()["clusters"][0]["cluster"]["server"])
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", server.host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port or 443))
    monkeypatch.setattr(kubeconfig, "ACCOUNT", tmp_path)
    with pytest.raises(ClusterForbids, match=f"system:serviceaccount:{cluster}:default"):
        reads(cluster)
    (tmp_path / "token").unlink()
    with pytest.raises(KubeconfigUnusable, match=r"the pod's own account.*token"):
        reads(cluster)


@pytest.mark.cluster
@pytest.mark.full_matrix
def test_a_token_that_is_wrong_and_one_that_was_taken_back(
    cluster: str, account: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(NotLoggedIn, match="has expired") as caught:
        reads(cluster, credentials=with_user({"token": TOKEN}))
    assert TOKEN not in str(caught.value)
    written(tmp_path / "k", with_user(account))
    settings = ClusterSettings(namespace=cluster, kubeconfig=tmp_path / "k")
    with settings.cluster() as connected:
        with pytest.raises(ClusterForbids):
            connected.all(CONFIG_MAP)
        kubectl(cluster, "delete", "serviceaccount", "nobody")
        wait_until(lambda: refuses(lambda: connected.all(CONFIG_MAP)), "the token to be refused")


def refuses(question: Callable[[], object]) -> bool:
    try:
        question()
    except NotLoggedIn:
        return True
    except ClusterForbids:
        return False
    return False


@pytest.mark.cluster
def test_a_server_that_the_ca_did_not_sign_is_not_waited_for(cluster: str, tmp_path: Path) -> None:
    certificate, _ = self_signed(tmp_path)
    strange = b64encode(certificate.read_bytes()).decode()
    content = users_own()
    named = content["clusters"][0]["cluster"]
    for data in ({"certificate-authority-data": strange}, {}):
        named.pop("certificate-authority-data")
        named.update(data)
        with pytest.raises(ClusterUntrusted, match="its certificate is not trusted"):
            reads(cluster, credentials=content)


GOOD: dict[str, Any] = {
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {"token": TOKEN}}],
    "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    "current-context": "x",
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"current-context": None}, "no current context"),
        ({"current-context": "y"}, "no context y; there are x"),
        ({"users": []}, "names no user"),
        ({"contexts": [{"name": "x", "context": {"cluster": "c"}}]}, "names no user"),
        ({"clusters": []}, "a cluster that it has not: c"),
        ({"contexts": None}, "not what a kubeconfig looks like"),
        ({"users": [{"name": "u", "user": {"token": [TOKEN]}}]}, "not what a kubeconfig looks like"),
        ({"users": [{"name": "u", "user": {"auth-provider": {"name": TOKEN}}}]}, "auth-provider not supp"),
        (
            {"users": [{"name": "u", "user": {"client-certificate-data": TOKEN, "client-key-data": TOKEN}}]},
            "not in PEM",
        ),
        (
            {
                "users": [
                    {"name": "u", "user": {"client-certificate-data": "eA==", "client-key-data": "eA=="}}
                ]
            },
            "PEM",
        ),
        ({"users": [{"name": "u", "user": {"client-certificate": "x", "client-key": "y"}}]}, "relative"),
    ],
)
def test_a_kubeconfig_that_is_no_good(changed: dict[str, Any], said: str) -> None:
    broken = {**GOOD, **changed}
    settings = ClusterSettings.model_validate({"namespace": "shop", "credentials": broken})
    with pytest.raises(KubeconfigUnusable, match=said) as caught, settings.cluster():
        pass
    assert "of `credentials`" in str(caught.value)
    assert TOKEN not in str(caught.value)
    # Nor in the errors that led to it, which a traceback shows.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("text", [f"users: [{TOKEN}", TOKEN, "", f"- {TOKEN}"])
def test_a_file_that_is_none(text: str, tmp_path: Path) -> None:
    file = tmp_path / "k"
    file.write_text(text)
    settings = ClusterSettings(namespace="shop", kubeconfig=file)
    with (
        pytest.raises(KubeconfigUnusable, match="not what a kubeconfig looks like") as caught,
        settings.cluster(),
    ):
        pass
    assert str(file) in str(caught.value)
    assert TOKEN not in str(caught.value)


def test_a_file_that_is_missing_or_a_folder(tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "k"):
        settings = ClusterSettings(namespace="shop", kubeconfig=file)
        with pytest.raises(KubeconfigUnusable, match=rf"{file}.*not found"), settings.cluster():
            pass


def test_credentials_are_shown_nowhere() -> None:
    settings = ClusterSettings.model_validate({"namespace": "shop", "credentials": GOOD})
    shown = [repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()]
    assert [text for text in shown if TOKEN in text] == []
    with settings.cluster() as connected:
        assert TOKEN not in repr(connected)


def test_who_has_no_cluster_does_not_wait_for_what_speaks_with_one() -> None:
    loaded = "import deployments.cli.app, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert {"lightkube", "httpx2"}.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("namespace", ["", "-shop", "Shop", "shop/x", "../x"])
def test_a_namespace_is_a_name(namespace: str) -> None:
    with pytest.raises(ValueError, match="namespace") as caught:
        ClusterSettings.model_validate({"namespace": namespace, "credentials": GOOD})
    assert TOKEN not in str(caught.value)
