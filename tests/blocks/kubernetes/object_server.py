"""Objects behind the API's own grammar, for kinds that the tests' cluster does not serve.

Kubernetes 1.20 as Debian's Go 1.19 builds it crashes on any custom resource, so HTTPRoutes cannot be had there. What is kept:
a `resourceVersion` that each write must name rightly (409), a `generation` that each change of `spec` raises, 404.
"""

import json
import threading
from collections.abc import Collection, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from blocks.kubernetes.resources import Json
from blocks.kubernetes.settings import ClusterSettings


class ObjectServer:
    """Path -> object, on loopback. `versions`: those of each API group that it serves. A context."""

    def __init__(self, versions: Collection[str] = ("v1",)) -> None:
        self._versions = versions
        self._lock = threading.Lock()
        self._objects: dict[str, Json] = {}
        self._writes = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Nobody listens any more."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def settings(self, namespace: str) -> ClusterSettings:
        """What `backout.yaml` says of it; it is not waited for where it is away."""
        config = {
            "clusters": [
                {"name": "it", "cluster": {"server": f"http://127.0.0.1:{self._server.server_port}"}}
            ],
            "users": [{"name": "test", "user": {"token": "made-up"}}],
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "test"}}],
            "current-context": "it",
        }
        return ClusterSettings.model_validate({"namespace": namespace, "credentials": config, "away_s": 0})

    def get(self, path: str) -> Json | None:
        """The object as it is now."""
        with self._lock:
            found = self._objects.get(path)
            return json.loads(json.dumps(found)) if found else None

    def put(self, path: str, body: Json, *, own: bool = False) -> Json | None:
        """Write it; None where its `resourceVersion` is not the present one. `own`: whoever writes need not know it."""
        with self._lock:
            old = self._objects.get(path, {"metadata": {}})
            metadata = dict(body["metadata"])
            if not own and metadata.get("resourceVersion") != old["metadata"].get("resourceVersion"):
                return None
            self._writes += 1
            raised = body.get("spec") != old.get("spec")
            metadata["resourceVersion"] = str(self._writes)
            metadata["generation"] = old["metadata"].get("generation", 0) + raised
            self._objects[path] = {**body, "metadata": metadata}
            return self._objects[path]

    def below(self, path: str) -> list[Json]:
        """All objects of a kind."""
        with self._lock:
            return [one for place, one in self._objects.items() if place.rpartition("/")[0] == path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        served = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path.count("/") == 3 and path.rpartition("/")[2] in served._versions:
                    self._answer(200, {"kind": "APIResourceList"})
                elif found := served.get(path):
                    self._answer(200, found)
                elif listed := served.below(path):
                    self._answer(200, {"items": listed})
                else:
                    self._answer(404, {"message": f"{path} not found"})

            def do_PUT(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                written = served.put(self.path, body)
                self._answer(
                    *((200, written) if written else (409, {"message": "the object has been modified"}))
                )

            def _answer(self, status: int, body: Mapping[str, Any]) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: Any) -> None:
                pass

        return Handler
