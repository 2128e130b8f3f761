"""Who we are in which cluster: a kubeconfig's content, from wherever it is, as a client of the API server."""

import base64
import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
from lightkube.config.client_adapter import user_auth
from lightkube.config.kubeconfig import SERVICE_ACCOUNT, KubeConfig, SingleConfig
from lightkube.config.models import User, UserExec
from lightkube.core.exceptions import ConfigError
from yaml import YAMLError

from blocks.kubernetes.login import LoginProgram
from domain.errors import KubeconfigUnusable

USUAL = Path("~/.kube/config")
ACCOUNT = Path(SERVICE_ACCOUNT)
"""Where Kubernetes puts a pod's own credential."""

LONG_LINE = 200


@dataclass(frozen=True)
class Kubeconfig:
    """Where the credential comes from.

    Attributes:
        file: None: `KUBECONFIG`, then the pod's own account, then `~/.kube/config`.
        content: what such a file would hold, instead of one.
        context: None: its current one.
    """

    file: Path | None = None
    content: Mapping[str, Any] | None = None
    context: str | None = None

    @property
    def where(self) -> str:
        """For messages."""
        if self.content is not None:
            return "of `credentials`"
        return ":".join(map(str, self._files())) or f"{ACCOUNT} (the pod's own account)"

    def client(self, timeout: httpx2.Timeout) -> tuple[httpx2.Client, str]:
        """A client that logs in by itself, and the server's address. Raises KubeconfigUnusable, which repeats nothing secret."""
        with self._told():
            chosen = self._chosen()
            login = chosen.user.exec if chosen.user else None
            auth = user_auth(chosen.user) if login is None else _program(login, chosen)
            server = chosen.cluster.server
            return httpx2.Client(base_url=server, verify=_tls(chosen), auth=auth, timeout=timeout), server

    def _chosen(self) -> SingleConfig:
        read = self._read()
        wanted = self.context or next((one.current_context for one in read if one.current_context), None)
        if not wanted:
            raise ConfigError("it has no current context: name one with `context`")
        whole = next((one for one in read if wanted in one.contexts), None)
        if whole is None:
            known = sorted(name for one in read for name in one.contexts)
            raise ConfigError(f"it has no context {wanted}; there are {', '.join(known) or 'none'}")
        named = whole.contexts[wanted]
        if named.cluster not in whole.clusters:
            raise ConfigError(f"its context {wanted} names a cluster that it has not: {named.cluster}")
        if not named.user or named.user not in whole.users:
            raise ConfigError(f"its context {wanted} names no user that it has")
        user = whole.users[named.user]
        return SingleConfig(wanted, named, whole.clusters[named.cluster], user, whole.fname)

    def _read(self) -> Sequence[KubeConfig]:
        if self.content is not None:
            return [KubeConfig.from_dict(dict(self.content))]
        files = self._files()
        if not files:
            return [KubeConfig.from_service_account(ACCOUNT)]
        # Of several, as kubectl has it: those that are not there do not count.
        there = [file for file in files if file.expanduser().is_file()] or files
        return [KubeConfig.from_file(file) for file in there]

    def _files(self) -> list[Path]:
        """None: the pod's own account."""
        if self.file is not None:
            return [self.file]
        named = [Path(name) for name in os.environ.get("KUBECONFIG", "").split(os.pathsep) if name]
        if not named and os.environ.get("KUBERNETES_SERVICE_HOST"):
            return []
        return named or [USUAL]

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except ConfigError as error:
            raise self._unusable(str(error)) from None
        except ssl.SSLError as error:
            raise self._unusable(f"its certificate or key is not in PEM: {error.reason}") from None
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from None
        except (KeyError, TypeError, ValueError, AttributeError, YAMLError):
            # What it holds is not repeated: there are tokens in it.
            raise self._unusable("it is not what a kubeconfig looks like") from None

    def _unusable(self, why: str) -> KubeconfigUnusable:
        return KubeconfigUnusable(what_it_is="the kubeconfig", address=self.where, why=why[:LONG_LINE])


def _tls(chosen: SingleConfig) -> ssl.SSLContext:
    """Trusts the kubeconfig's CA, else the system's, as kubectl does; shows the user's certificate where it has one."""
    cluster, user = chosen.cluster, chosen.user or User()
    authority = chosen.abs_file(cluster.certificate_auth) if cluster.certificate_auth else None
    data = cluster.certificate_auth_data
    context = ssl.create_default_context(
        cafile=authority, cadata=base64.b64decode(data).decode("ascii") if data else None
    )
    if cluster.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    # Python reads certificates of clients from files alone.
    with TemporaryDirectory() as folder:
        certificate = _file(chosen, user.client_cert, user.client_cert_data, Path(folder, "certificate"))
        key = _file(chosen, user.client_key, user.client_key_data, Path(folder, "key"))
        if certificate and key:
            context.load_cert_chain(certificate, key)
    return context


def _file(chosen: SingleConfig, named: str | None, data: str | None, place: Path) -> Path | None:
    if data:
        place.write_bytes(base64.b64decode(data))
        return place
    return Path(chosen.abs_file(named)) if named else None


def _program(login: UserExec, chosen: SingleConfig) -> LoginProgram:
    # As kubectl has it: a name is looked for on PATH, a path starts at the kubeconfig's folder.
    program = str(chosen.abs_file(login.command)) if "/" in login.command else login.command
    env = {variable.name: variable.value for variable in login.env or []}
    return LoginProgram([program, *(login.args or [])], env, login.apiVersion, login.installHint or "")
