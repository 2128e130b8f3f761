"""The third party: somebody else's service. It offers /v1 and nothing more."""

from __future__ import annotations

from .serving import JsonHandler, serve


class Partner(JsonHandler):
    """One connection."""

    quiet = ("/live",)

    def do_GET(self) -> None:  # noqa: N802 - the name that http.server calls
        """The weather, always the same."""
        if self.path == "/v1/weather":
            return self.answer(200, {"weather": "fair", "source": "partner"})
        if self.path == "/live":
            return self.answer(200, {"status": "alive"})
        return self.answer(410, {"error": "gone"})


if __name__ == "__main__":
    serve(Partner)
