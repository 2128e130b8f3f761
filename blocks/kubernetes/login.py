"""A kubeconfig's login program, which Kubernetes calls an exec plugin (`client.authentication.k8s.io`, v1 and v1beta1)."""

import json
import os
import subprocess
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

import httpx2
from lightkube.core.exceptions import ConfigError

ANSWER_S = 60.0
UNAUTHORIZED = 401


@dataclass
class LoginProgram(httpx2.Auth):
    """Runs the program for a token when one is needed, and once more where the server no longer takes it.

    Raises ConfigError, in words that hold nothing of what it printed for us.

    Attributes:
        command: the program and its arguments.
        env: its variables, beside ours.
        protocol: the version of the protocol that the kubeconfig names.
        hint: what the kubeconfig says about installing it.
    """

    command: Sequence[str]
    env: Mapping[str, str]
    protocol: str
    hint: str = ""
    _token: str | None = field(default=None, repr=False)

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        """As httpx2 asks for it: the request with a token, again with a new one where that had expired."""
        if self._token is None:
            self._token = self._login()
        request.headers["Authorization"] = f"Bearer {self._token}"
        answer = yield request
        if answer.status_code == UNAUTHORIZED:
            self._token = self._login()
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request

    def _login(self) -> str:
        try:
            status = json.loads(self._run())["status"]
        except (ValueError, KeyError, TypeError):
            raise self._failed("printed no ExecCredential") from None
        token = status.get("token") if isinstance(status, Mapping) else None
        if not isinstance(token, str) or not token:
            raise self._failed("gives no token (client certificates of such a program cannot be used)")
        return token

    def _run(self) -> bytes:
        # It must not ask at the terminal: nobody would answer.
        said = {"apiVersion": self.protocol, "kind": "ExecCredential", "spec": {"interactive": False}}
        env = {**os.environ, **self.env, "KUBERNETES_EXEC_INFO": json.dumps(said)}
        try:
            done = subprocess.run(
                self.command, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=ANSWER_S, check=False
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise self._failed(f"did not end in {ANSWER_S:g} s") from None
        except OSError as error:
            hint = f" ({self.hint})" if self.hint else ""
            raise self._failed(f"cannot be run: {error.strerror}{hint}") from None
        if done.returncode != 0:
            said_last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise self._failed(f"ended with {done.returncode}: {' '.join(said_last)}")
        return done.stdout

    def _failed(self, why: str) -> ConfigError:
        return ConfigError(f"its login program {self.command[0]} {why}")
