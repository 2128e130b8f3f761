"""The tree: examined at once, told in its order, whatever one branch does."""

from collections.abc import Callable
from threading import Event

from deployments.examination import Examined, difference, examined
from domain.checkup import Checkup, Remedy, unseen, well, wrong
from domain.errors import Unreachable
from tasks.examine import Branch

APP = "shop/production"


def branch(name: str, *checkups: Checkup) -> Branch:
    return Branch(name, lambda: list(checkups))


def failing(error: Exception) -> Callable[[], list[Checkup]]:
    def fail() -> list[Checkup]:
        raise error

    return fail


def test_branches_are_told_in_their_order_although_all_are_examined_at_once() -> None:
    second_is_done = Event()

    def first() -> list[Checkup]:
        assert second_is_done.wait(20)
        return [well("a", "x", "after the other one")]

    def second() -> list[Checkup]:
        second_is_done.set()
        return [well("b", "x", "first")]

    found = list(examined(APP, [Branch("first", first), Branch("second", second)]))
    assert [one.branch.name for one in found] == ["first", "second"]
    assert [one.bad for one in found] == [[], []]


def test_one_that_hangs_is_told_and_left_behind() -> None:
    release = Event()
    hangs = Branch("router", lambda: [well("a", "x", str(release.wait(20)))])
    router, slots = examined(APP, [hangs, branch("slots", well("b", "x", "fine"))], limit_s=0.1)
    release.set()
    assert router.checkups[0].finding.said == "gave no answer within 0.1 s"
    assert (router.checkups[0].bad, slots.bad) == (True, [])


def test_one_that_breaks_hides_no_other_and_shows_no_secret() -> None:
    broken = [
        Branch("platform", failing(Unreachable("Docker", "/var/run/docker.sock", "refused"))),
        Branch("database", failing(RuntimeError("postgresql://shop:hunter2@db/shop is odd"))),
    ]
    platform, database, slots = examined(APP, [*broken, branch("slots", well("b", "x", "fine"))])
    assert "Docker at /var/run/docker.sock does not answer" in platform.checkups[0].finding.said
    assert "unforeseen RuntimeError" in database.checkups[0].finding.said
    assert "hunter2" not in database.checkups[0].model_dump_json()
    assert slots.bad == []


def test_one_with_nothing_to_say_is_left_out() -> None:
    assert list(examined(APP, [branch("certificates")])) == []


def test_commands_name_the_application() -> None:
    down = wrong("process", "green", "is down", Remedy(command="backout start-backup APP green"))
    [found] = examined(APP, [branch("platform", down)])
    assert found.checkups[0].remedies[0].command == "backout start-backup shop/production green"


def test_the_difference_of_two_examinations() -> None:
    def seen(*checkups: Checkup) -> list[Examined]:
        return [Examined(branch("slots"), list(checkups))]

    before = seen(
        wrong("a", "x", "down"), wrong("b", "x", "down"), well("c", "x", "up"), unseen("d", "x", "-")
    )
    after = seen(well("a", "x", "up"), wrong("b", "x", "still"), wrong("c", "x", "now"), well("d", "x", "up"))
    found = {what: [row.finding.name for row in rows] for what, rows in difference(before, after).items()}
    assert found == {"now well": ["a"], "still wrong": ["b"], "newly wrong": ["c"]}
