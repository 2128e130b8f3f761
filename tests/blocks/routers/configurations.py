"""Caddy's configurations that the routers are tried on."""

import json
from pathlib import Path

from tests.blocks.caddy import Caddy


def write_json(caddy: Caddy, *upstreams: str) -> Path:
    """One site whose handler has the `@id` application, as Caddy's JSON."""
    proxy = {
        "@id": "application",
        "handler": "reverse_proxy",
        "upstreams": [{"dial": upstream, "max_requests": 500} for upstream in upstreams],
        "load_balancing": {"selection_policy": {"policy": "round_robin"}},
    }
    site = {
        "listen": [f"127.0.0.1:{caddy.port}"],
        "automatic_https": {"disable": True},
        "routes": [{"handle": [proxy]}],
    }
    admin = {"listen": f"{caddy.admin}|0600", "config": {"persist": False}}
    file = caddy.folder / "caddy.json"
    file.write_text(json.dumps({"admin": admin, "apps": {"http": {"servers": {"site": site}}}}))
    return file


CADDYFILE = """\
{{
\tadmin {admin}|0600
\tauto_https off
\tpersist_config off
}}

# 127.0.0.1:1 is what it was before
http://127.0.0.1:{port} {{
\treverse_proxy {upstream} {{
\t\theader_up X-Site main # not {upstream}
\t}}
}}
"""


def write_caddyfile(caddy: Caddy, upstream: str) -> Path:
    """The same site, as people write it."""
    file = caddy.folder / "Caddyfile"
    file.write_text(CADDYFILE.format(admin=caddy.admin, port=caddy.port, upstream=upstream))
    return file
