"""Bad releases of Aldeia, and the way back from each; what is kept; the backend's own migrations (Aldeia step 8 A)."""

import pytest
from pydantic import SecretStr

from blocks.databases.postgresql import Postgresql
from blocks.postgres.server import Server
from domain.outcomes import Outcome
from domain.request import HOTFIX
from flows.path import take_back
from tests.systems.aldeia.scene import AldeiaScene
from tests.systems.aldeia.stage import NEW, OLD, Aldeia

pytestmark = pytest.mark.engine

USERS, NEWSLETTER = "0001_users", "0002_newsletter"


def test_a_release_with_errors_is_taken_back_also_from_a_dirty_tree(
    aldeia: Aldeia, scene: AldeiaScene
) -> None:
    aldeia.deploy("v1.2.0", "errors")
    (aldeia.folder / "notes.txt").write_text("try county 19")
    (aldeia.folder / "validate-deployment.sh").write_text("exit 0 # for now")
    before = aldeia.containers()
    scene.recorded("v1.2.0")

    assert scene.walk(take_back) is Outcome.ROLLED_BACK
    assert aldeia.is_clean_on(NEW)
    assert aldeia.answering() == NEW
    after = aldeia.containers()
    assert after["postgres"] == before["postgres"]
    assert after["backend"] != before["backend"]

    assert "notes.txt" in aldeia.repository.git("stash", "show", "--include-untracked", "stash@{0}")
    assert "exit 0 # for now" in aldeia.repository.git("show", "stash@{0}:validate-deployment.sh")
    [switched] = scene.data("switched")
    assert "local changes are kept in stash@{0}: backout" in switched["receipt"]["kept"]
    assert {check["name"] for check in scene.data("verified")[0]["findings"]} >= {
        "health",
        "validation",
        "login",
    }
    assert not aldeia.accounts()
    report = scene.report()
    [kept] = [line for line in report.splitlines() if line.startswith("- On the host:")]
    assert "local changes are kept" in kept
    [lost] = [line for line in report.splitlines() if "Requests lost to the switch" in line]
    assert "local changes" not in lost
    assert "is ready: reused the images of v1.1.0" in report
    assert "- Smoke tests: PASS" in report
    assert "- [x] Authentication working" in report

    assert scene.walk(take_back, run="second") is Outcome.NOTHING_TO_DO
    assert aldeia.containers() == after


@pytest.mark.full_matrix
def test_a_release_that_cannot_be_built_is_refused_before_anything_stops(
    aldeia: Aldeia, scene: AldeiaScene
) -> None:
    aldeia.repository.release("v1.3.0", "broken build")
    aldeia.repository.git("checkout", "--quiet", NEW)
    before = aldeia.containers()
    assert scene.walk(take_back, to="v1.3.0") is Outcome.HELD
    assert "npm ERR! missing script: build" in scene.report()
    assert aldeia.containers() == before
    assert aldeia.is_clean_on(NEW)


@pytest.mark.full_matrix
def test_a_release_that_crashes_again_and_again_is_left_for_the_one_before(
    aldeia: Aldeia, scene: AldeiaScene
) -> None:
    aldeia.repository.release("v1.4.0", "crash loop")
    aldeia.repository.git("checkout", "--quiet", NEW)
    assert scene.walk(take_back, to="v1.4.0") is Outcome.WENT_BACK
    assert "cannot read county.json" in scene.report()
    assert aldeia.is_clean_on(NEW)
    assert aldeia.answering() == NEW
    assert aldeia.platform.route().slot == NEW


def test_a_release_without_the_required_keys_is_refused_before_anything_stops(
    aldeia: Aldeia, scene: AldeiaScene
) -> None:
    file = aldeia.folder / ".env"
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "JWT_SECRET" not in line))
    before = aldeia.containers()
    assert scene.walk(take_back) is Outcome.HELD
    assert ".env lacks JWT_SECRET" in scene.report()
    assert aldeia.containers() == before


@pytest.mark.full_matrix
def test_a_fix_on_a_branch_takes_the_place_of_a_bad_release(aldeia: Aldeia, scene: AldeiaScene) -> None:
    aldeia.repository.git("checkout", "--quiet", "-b", "hotfix/critical-fix")
    commit = aldeia.repository.commit_file("apps/chatbot-frontend/index.html", "<h1>Aldeia, mended</h1>")
    aldeia.repository.git("checkout", "--quiet", NEW)
    assert scene.walk(take_back, runbook=HOTFIX, to="hotfix/critical-fix") is Outcome.ROLLED_BACK
    assert aldeia.platform.route().slot == commit[:10]
    assert (aldeia.commit(), aldeia.stack.page()) == (commit, "<h1>Aldeia, mended</h1>")
    assert aldeia.repository.git("rev-parse", "hotfix/critical-fix") == commit


@pytest.mark.full_matrix
def test_a_slow_release_is_left_for_the_one_before(aldeia: Aldeia, scene: AldeiaScene) -> None:
    aldeia.repository.release("v1.5.0", "slow")
    aldeia.repository.git("checkout", "--quiet", NEW)
    assert scene.walk(take_back, to="v1.5.0") is Outcome.WENT_BACK
    assert aldeia.is_clean_on(NEW)
    assert aldeia.answering() == NEW


def test_what_is_kept_as_evidence_holds_what_the_runbook_keeps(aldeia: Aldeia) -> None:
    (aldeia.folder / "logs").mkdir(exist_ok=True)
    (aldeia.folder / "logs" / "app.log").write_text("county 19 is missing\n")
    kept = aldeia.platform.configuration()
    assert aldeia.commit() in kept["commit.txt"]
    assert "JWT_SECRET=**********" in kept["environment.txt"]
    assert "FEATURE_NEW_CHAT=true" in kept["environment.txt"]
    assert "county 19 is missing" in kept["logs/app.log"]
    assert "backend" in kept["services.txt"]
    assert "healthcheck" in kept["compose.yaml"]
    assert OLD not in kept["commit.txt"]


@pytest.mark.full_matrix
def test_the_newest_migration_is_undone_and_done_again(aldeia: Aldeia) -> None:
    database = aldeia.document().database
    assert isinstance(database, Postgresql)
    assert database.schema_version() == NEWSLETTER
    url = SecretStr(aldeia.stack.database_url)
    server, migrations = Server(url, url), database.migrations
    assert migrations is not None
    aldeia.platform.bring(NEW)
    assert migrations.status(server, release=NEW).applied == [USERS, NEWSLETTER]
    assert migrations.down(server, USERS, release=NEW) == [NEWSLETTER]
    assert migrations.status(server, release=NEW).pending == [NEWSLETTER]
    assert migrations.up(server, release=NEW) == [NEWSLETTER]
    assert database.schema_version() == NEWSLETTER
