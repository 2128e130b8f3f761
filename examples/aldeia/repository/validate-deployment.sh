#!/bin/sh
# Is the deployment at this address what users need? ./validate-deployment.sh http://127.0.0.1:8080
set -eu
python3 - "$1" <<'PYTHON'
import json, sys
from urllib.request import ProxyHandler, build_opener

reach = build_opener(ProxyHandler({}))
health = json.load(reach.open(f"{sys.argv[1]}/api/health", timeout=5))
assert health["database"] == "connected", health
assert b"Aldeia" in reach.open(f"{sys.argv[1]}/", timeout=5).read()
print(f"release {health['version']} is valid")
PYTHON
