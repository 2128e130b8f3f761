"""`backout validate` and `rollback --dry-run`: what keeps a run from acting is said before one is needed."""

import pytest

from deployments.prefect_api import PrefectApi
from tests.deployments.cli.shop import Shop, change_block, closed_port

LOOKS = [["validate"], pytest.param(["rollback", "--dry-run"], marks=pytest.mark.full_matrix)]


def _look(shop: Shop, look: list[str], app: str, *options: str, **changes: str) -> list[str]:
    """Both ways to ask the same, to people and to scripts."""
    name, *rest = look
    done = shop.run(name, app, *rest, *options, **changes)
    assert done.code == 1, done
    script = shop.run(name, app, *rest, *options, "--json", **changes)
    assert script.code == 1
    return [done.said, script.json["problems"][0]["what"]]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.full_matrix
def test_a_block_that_drifted_makes_every_run_refuse_and_is_said(
    shop: Shop, api: PrefectApi, look: list[str]
) -> None:
    app = shop.apply(shop.entry("drifted/production"))
    change_block(api, "drifted--production", {"description": "changed by hand"})
    shown, script = _look(shop, look, app, "--to", "1.0")
    assert "drift: block drifted--production: its document was changed beside backout.yaml" in shown
    assert "backout apply" in shown
    assert "drift" in script
    shop.apply(shop.entry("drifted/production"))
    assert shop.run("validate", app, "--to", "1.0").code == 0


@pytest.mark.parametrize("look", LOOKS)
def test_where_prefect_does_not_answer_no_run_can_start(shop: Shop, look: list[str]) -> None:
    away = f"http://127.0.0.1:{closed_port()}/api"
    shown, script = _look(shop, look, "flappyjournal/production", "--to", "1.0", PREFECT_API_URL=away)
    for words in (shown, script):
        assert "Prefect does not answer: no run can start" in words
    if look == ["validate"]:
        assert "what mends it: backout doctor flappyjournal/production" in shown
    assert "--break-glass" in shown
