"""A kubeconfig's login program: real programs, and a real cluster that takes their tokens or does not."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks.kubernetes import login
from blocks.kubernetes.resources import CONFIG_MAP
from blocks.kubernetes.settings import ClusterSettings
from domain.errors import ClusterForbids, KubeconfigUnusable, NotLoggedIn
from tests.blocks.kubernetes.api_proxy import kubectl
from tests.blocks.kubernetes.kubeconfigs import TOKEN, reads, token_of, with_user, written

pytestmark = pytest.mark.cluster

BETA, STABLE = "client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1"


@pytest.fixture(scope="module")
def account(cluster: str) -> Iterator[str]:
    """A real token of a service account that may do nothing."""
    kubectl(cluster, "create", "serviceaccount", "reader")
    yield token_of(cluster, "reader")
    kubectl(cluster, "delete", "serviceaccount", "reader")


def program(folder: Path, text: str) -> Path:
    """A login program; it writes each run, and what it was told, into `runs`."""
    file = folder / "login"
    lines = ["#!/bin/sh", f"printf '%s\\n' \"$KUBERNETES_EXEC_INFO $LOGIN_AS $*\" >>{folder}/runs", text]
    file.write_text("\n".join(lines))
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return file


def printing(token: str, version: str = STABLE) -> str:
    said = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}
    return f"echo '{json.dumps(said)}'"


def logging_in(command: str, version: str = STABLE, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": version, "command": command, **more}}


@pytest.mark.parametrize("version", [BETA, STABLE])
def test_a_login_program_gives_the_token(cluster: str, account: str, tmp_path: Path, version: str) -> None:
    program(tmp_path, printing(account, version))
    user = logging_in(
        "./login", version, args=["--role", "a b"], env=[{"name": "LOGIN_AS", "value": "ops"}],
        interactiveMode="IfAvailable", provideClusterInfo=False,
    )  # fmt: skip
    settings = ClusterSettings(namespace=cluster, kubeconfig=written(tmp_path / "k", with_user(user)))
    with settings.cluster() as connected:
        for _ in range(2):
            with pytest.raises(ClusterForbids, match=f"{cluster}:reader"):
                connected.all(CONFIG_MAP)
    (run,) = (tmp_path / "runs").read_text().splitlines()
    info, _, rest = run.rpartition("} ")
    assert json.loads(info + "}")["apiVersion"] == version
    assert rest == "ops --role a b"


def test_a_login_program_is_run_again_where_its_token_has_expired(
    cluster: str, account: str, tmp_path: Path
) -> None:
    (tmp_path / "tokens").write_text(f"{TOKEN}\n{account}\n")
    printed = 'printf \'{"status": {"token": "%s"}}\' "$(head -n 1 tokens)"'
    user = logging_in(str(program(tmp_path, f"cd {tmp_path}\n{printed}\nsed -i 1d tokens")))
    with pytest.raises(ClusterForbids, match=f"{cluster}:reader"):
        reads(cluster, credentials=with_user(user))
    assert len((tmp_path / "runs").read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo please log in first >&2; exit 3", "login ended with 3: please log in first"),
        (f"echo {TOKEN}", "printed no ExecCredential"),
        (f'echo \'{{"status": {{"clientKeyData": "{TOKEN}"}}}}\'', "gives no token"),
        ("echo '[]'", "printed no ExecCredential"),
        ("sleep 600", "did not end in 0.3 s"),
        (printing(TOKEN), "has expired"),
    ],
)
def test_a_login_program_that_fails(
    cluster: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    said: str,
) -> None:
    monkeypatch.setattr(login, "ANSWER_S", 0.3 if "sleep" in text else 60.0)
    user = logging_in(str(program(tmp_path, text)))
    with pytest.raises(NotLoggedIn, match=said) as caught:
        reads(cluster, credentials=with_user(user))
    assert TOKEN not in str(caught.value)


def test_a_login_program_that_is_not_installed(cluster: str) -> None:
    user = logging_in("backout-no-such-login", installHint="install the cloud's own tool")
    with pytest.raises(NotLoggedIn, match=r"cannot be run: .*install the cloud's own tool"):
        reads(cluster, credentials=with_user(user))
    with pytest.raises(KubeconfigUnusable, match="relative"):
        reads(cluster, credentials=with_user(logging_in("bin/login")))
