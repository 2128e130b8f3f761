"""`checkout` on a real git repository, Compose project and Docker engine."""

from collections.abc import Callable, Iterator

import pytest

from blocks.checkout.pinning import REFS
from blocks.platforms.checkout import Checkout
from domain.errors import UnknownRemedy
from domain.release import Release
from tests.blocks.platforms.in_place_contract import SECRET, InPlaceContract, Releases
from tests.blocks.platforms.restart_contract import RestartContract
from tests.systems.aldeia.stage import NEW, OLD, Aldeia, awake

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def aldeia(request: pytest.FixtureRequest, base_image: str) -> Iterator[Aldeia]:
    with awake(request.config, base_image) as found:
        yield found


@pytest.fixture
def platform(aldeia: Aldeia) -> Checkout:
    aldeia.restore()
    return aldeia.checkout()


@pytest.fixture
def releases() -> Releases:
    return Releases(old=OLD, new=NEW)


@pytest.fixture
def answering(aldeia: Aldeia) -> Callable[[], str]:
    return aldeia.answering


class TestCheckout(InPlaceContract, RestartContract):
    def test_the_secret_is_one_of_the_environment(self, aldeia: Aldeia) -> None:
        assert f"JWT_SECRET={SECRET}\n".encode() in aldeia.environment


def test_the_commits_of_releases_are_held(platform: Checkout, aldeia: Aldeia) -> None:
    made = [
        Release(application="aldeia/production", version=tag, commit=aldeia.repository.git("rev-parse", tag))
        for tag in (NEW, OLD)
    ]
    gone = Release(application="aldeia/production", version="v0.9.0", commit="0" * 39 + "1")
    assert [platform.lost(release) for release in made] == ["", ""]
    said = platform.pin("aldeia/production", [*made, gone])
    refs = aldeia.repository.git("for-each-ref", "--format=%(objectname)", REFS).split()
    assert sorted(refs) == sorted(str(release.commit) for release in made)
    assert said[2] == f"v0.9.0: {platform.lost(gone)}"
    assert platform.pin("aldeia/production", []) == []
    assert aldeia.repository.git("for-each-ref", REFS) == ""


def test_a_release_is_known_by_its_tag_its_phase_and_its_commit(platform: Checkout, aldeia: Aldeia) -> None:
    tags = [slot.name for slot in platform.slots()]
    assert tags == [NEW, OLD, "phase-6-complete", "phase-5-complete"]
    assert "phase-6" in platform.slot("phase-6-complete").also
    commit = aldeia.repository.git("rev-parse", OLD)
    assert platform.find(commit[:7]) == platform.slot(OLD)


@pytest.mark.parametrize("ref", ["--help", "HEAD..v1.0.0", "@{1}", "v1.0.0:.env", "a b", ""])
def test_what_is_no_name_of_a_release_never_reaches_git_as_one(platform: Checkout, ref: str) -> None:
    assert platform.find(ref) is None


def test_a_branch_is_found_and_named_by_its_commit(platform: Checkout, aldeia: Aldeia) -> None:
    aldeia.repository.git("checkout", "--quiet", "-b", "hotfix/critical-fix")
    commit = aldeia.repository.commit_file("notes.txt", "mended")
    aldeia.repository.git("checkout", "--quiet", NEW)
    found = platform.find("hotfix/critical-fix")
    assert found is not None
    assert (found.name, found.version) == (commit[:10], commit[:10])
    assert {"hotfix/critical-fix", commit} <= set(found.also)
    assert platform.answers_as(found.name) is None
    assert platform.answers_as(NEW) == NEW


def test_doctor_finds_a_service_that_is_down_and_starts_it(platform: Checkout, aldeia: Aldeia) -> None:
    assert [checkup.finding.ok for checkup in platform.examine()] == [True] * 6
    platform.site.services.stop(1, leave=["postgres", "chatbot-frontend"])
    (aldeia.folder / ".env").write_text("PROJECT=x\n")
    trouble = {checkup.finding.on: checkup for checkup in platform.examine() if checkup.bad}
    keys = trouble.pop(str(aldeia.folder / ".env"))
    assert keys.finding.said == "lacks JWT_SECRET, DATABASE_URL"
    [down] = trouble.values()
    assert down.finding.on == "backend"
    assert down.finding.said.startswith("ended with exit code 0; its log ends: ")
    assert [remedy.name for remedy in down.remedies] == ["start backend", "restart backend"]
    (aldeia.folder / ".env").write_bytes(aldeia.environment)
    assert platform.mend("start backend") == "started backend"
    assert platform.site.services.wait(platform.services, 60) == ""
    with pytest.raises(UnknownRemedy):
        platform.mend("start postgres; rm -r /")


def test_doctor_finds_the_database_that_no_switch_stops(platform: Checkout) -> None:
    platform.site.services.stop(10, leave=platform.services)
    [down] = [checkup for checkup in platform.examine() if checkup.finding.on == "postgres"]
    assert down.bad
    assert [remedy.name for remedy in down.remedies] == ["start postgres", "restart postgres"]
    assert platform.mend("start postgres") == "started postgres"
    assert platform.site.services.wait(["postgres", *platform.services], 60) == ""


def test_a_work_tree_on_another_commit_than_what_runs_is_seen(platform: Checkout, aldeia: Aldeia) -> None:
    aldeia.repository.git("checkout", "--quiet", OLD)
    assert platform.route().slot == NEW
    assert "the work tree is on" in platform.slot(NEW).detail
    [trouble] = [checkup for checkup in platform.examine() if checkup.bad]
    assert trouble.finding.said.startswith("is on v1.0.0")
    assert trouble.remedies[0].command.endswith(f"checkout {NEW}")
