"""`backout apply`, drift, `init`."""

from pathlib import Path

import httpx
import pytest

from blocks import configuration
from blocks.home import Home
from deployments.prefect_api import PrefectApi
from tests.deployments.cli.shop import Shop, change_block
from tests.deployments.cli.variants import DRIFT


def test_apply_shows_a_diff_saves_and_is_safe_to_repeat(shop: Shop) -> None:
    entry = shop.entry("apply/production")
    file = str(shop.write("apply.yaml", entry))
    planned = shop.run("apply", file, "--dry-run", "--json")
    assert planned.json[0]["change"] == "new"
    assert shop.run("validate", "apply/production").code == 2  # nothing was saved
    assert shop.run("apply", file, "--json").json[0]["change"] == "new"
    nothing = {"change": "unchanged", "drift": "", "diff": "", "unset": [], "not_watched": []}
    assert shop.run("apply", file, "--json").json == [{"application": "apply/production", **nothing}]
    shop.write("apply.yaml", {**entry, "description": "Another one"})
    changed = shop.run("apply", file)
    assert "apply/production: changed" in changed.out
    assert "+description: Another one" in changed.out


@pytest.mark.full_matrix
def test_apply_names_the_variables_that_serve_does_not_have(shop: Shop) -> None:
    database = {"kind": "postgresql", "url": "${NOSUCH_VARIABLE}"}
    file = str(shop.write("unset.yaml", {**shop.entry("unset/production"), "database": database}))
    for flags in (["--dry-run"], []):
        done = shop.run("apply", file, *flags, NOSUCH_VARIABLE="set here, and not where runs execute")
        assert done.code == 0
        assert "applications[0].database.url: variable NOSUCH_VARIABLE is not set" in done.err
        assert "restart `backout serve`" in done.err
    assert shop.run("apply", file, "--json").json[0]["unset"] == ["NOSUCH_VARIABLE"]


def test_a_folder_with_several_environments(shop: Shop, tmp_path: Path) -> None:
    for name in ("production", "staging"):
        written = shop.write(f"folder-{name}.yaml", shop.entry(f"folder/{name}"))
        written.rename(tmp_path / f"{name}.yaml")
    found = shop.run("apply", str(tmp_path), "--dry-run", "--json").json
    assert [one["application"] for one in found] == ["folder/production", "folder/staging"]


def test_a_block_changed_in_the_ui_is_shown_as_drift_and_refused(shop: Shop, api: PrefectApi) -> None:
    app = DRIFT
    assert shop.run("status", app, "--json").json["drift"] == ""
    change_block(api, "drift--production", {"description": "changed by hand"})
    shown = shop.run("status", app)
    assert "drift: block drift--production" in shown.said
    assert "next:" in shown.said
    done = shop.run("rollback", app, "--severity", "critical", "--json")
    assert done.code == 1
    assert "differs from what `backout apply` kept" in done.json["what"]
    assert "--break-glass" in done.json["what"]
    assert "exception" not in done.json["what"]
    file = str(shop.write("drift.yaml", shop.entry(DRIFT)))
    assert "would be put back" in shop.run("apply", file, "--dry-run").out
    assert shop.run("status", app, "--json").json["drift"] != ""
    assert f"{app}: drifted; put back: block drift--production" in shop.run("apply", file).out
    assert shop.run("apply", file, "--json").json[0]["change"] == "unchanged"
    assert shop.run("status", app, "--json").json["drift"] == ""


def test_a_dry_run_without_prefect_says_that_drift_is_not_known(shop: Shop) -> None:
    watch = {"preset": "jarvis", "every_s": 3600}
    file = str(shop.write("alone.yaml", {**shop.entry("apply-alone/production"), "watch": watch}))
    assert "trigger error-rate is not watched: no signal named error-rate" in shop.run("apply", file).out
    alone = shop.run("apply", file, "--dry-run", PREFECT_API_URL="http://127.0.0.1:1/api")
    assert "apply-alone/production: unchanged; Prefect does not answer" in alone.out


def test_status_without_prefect_says_that_drift_is_not_known(shop: Shop) -> None:
    done = shop.run("status", "--json", PREFECT_API_URL="http://127.0.0.1:1/api")
    assert done.code == 0
    assert {one["drift"] for one in done.json} == {None}
    lines = [line for one in done.json for line in one["not_watched"]]
    assert "trigger loss of performance is not watched: no signal named response-time" in lines


def test_the_block_in_prefect_holds_no_secret(shop: Shop, api: PrefectApi) -> None:
    found = api.application("flappyjournal/production")
    assert found is not None
    assert shop.stack.database_url not in str(found)
    with pytest.raises(httpx.HTTPStatusError):
        httpx.get(f"{api.url}/block_documents/filter", trust_env=False).raise_for_status()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["docker-compose.blue.yml", "Caddyfile"], "Docker Compose, Caddy"),
        (["k8s/deployment.yaml"], "Kubernetes"),
        (
            ["supervisord.conf", "nginx.conf", "migrations/001_init.up.sql"],
            "nginx, supervisor, SQL migrations",
        ),
        ([], "no stack that is known"),
    ],
)
def test_init_writes_a_file_that_can_be_applied(
    shop: Shop, tmp_path: Path, files: list[str], found: str
) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    done = shop.run("init", str(tmp_path), "--name", "shop/production")
    assert done.code == 0
    assert f"found: {found}" in done.said
    described = configuration.read([tmp_path / "backout.yaml"])
    assert [one.name for one in described] == ["shop/production"]
    again = shop.run("init", str(tmp_path))
    assert again.code == 2
    assert "not overwritten" in again.said


def test_apply_without_a_serve_names_what_to_start(shop: Shop) -> None:
    home = Home(shop.home.root.with_name("other"))
    done = shop.run("apply", str(shop.write("again.yaml", shop.entry())), BACKOUT_HOME=str(home.root))
    assert done.code == 1
    assert "backout serve" in done.said
