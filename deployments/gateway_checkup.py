"""Whether the API that takes alerts answers: another program may have its port, and `serve` runs on without it."""

import shlex

import httpx

from blocks.home import Home
from blocks.installation import serving
from deployments.gateway.requests import NEEDED
from domain.checkup import Checkup, Remedy, well, wrong

PATIENCE_S = 3.0
NAME = "deployment API"
SOURCE = "docs/when-backout-fails.md, The port is taken"


def gateway_checkup(home: Home) -> list[Checkup]:
    """Whether it is Backout that answers; nothing where no `serve` runs, or the API is off.

    It is asked without the token: another program must not learn it.
    """
    url = (serving(home) or {}).get("api_url")
    if url is None:
        return []
    try:
        answer = httpx.get(f"{url}/health", timeout=PATIENCE_S, trust_env=False)
    except httpx.HTTPError as error:
        return [_away(url, f"does not answer ({type(error).__name__})")]
    if answer.status_code == httpx.codes.UNAUTHORIZED and NEEDED in answer.text:
        return [well(NAME, url, "answers, and takes alerts")]
    return [_away(url, f"is another program's: it answers {answer.status_code} without a token")]


def _away(url: str, said: str) -> Checkup:
    who = Remedy(command=f"ss -ltnp {shlex.quote(f'sport = :{httpx.URL(url).port}')}")
    told = f"{said}: no alert is taken until `backout serve` has the port, which it tries every few seconds"
    return wrong(NAME, url, told, who, source=SOURCE, symptom="away")
