"""The whole tree of `backout doctor`: all branches are examined at once, and told in the tree's order."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from blocks.deadline import begun
from deployments.own_checkups import after_the_application, before_the_application
from deployments.subject import Subject
from domain.checkup import Checkup, Remedy, wrong
from domain.errors import BackoutError, Unforeseen
from domain.outcomes import named
from tasks import examine
from tasks.examine import Branch

LIMIT_S = 30.0
"""Seconds that all branches have together; one that hangs is said to, and left behind."""


@dataclass(frozen=True)
class Examined:
    """A branch, and what was found of it. Remedies name the application."""

    branch: Branch
    checkups: list[Checkup]

    @property
    def bad(self) -> list[Checkup]:
        """What is wrong."""
        return [checkup for checkup in self.checkups if checkup.bad]


def tree(subject: Subject) -> list[Branch]:
    """The branches in the runbook's order; without the application's where its description cannot be used."""
    own = examine.branches(subject.document) if subject.document else []
    return [*before_the_application(subject), *own, *after_the_application(subject)]


def examined(application: str, branches: Sequence[Branch], limit_s: float = LIMIT_S) -> Iterator[Examined]:
    """Each branch as soon as it and those before it are done; branches with nothing to say are left out."""
    looks = [(branch, begun(branch.examine, f"examine {branch.name}")) for branch in branches]
    deadline = time.monotonic() + limit_s
    for branch, look in looks:
        try:
            found = look.result(max(deadline - time.monotonic(), 0))
        except TimeoutError:
            found = [_failed(branch, f"gave no answer within {limit_s:g} s", "hangs")]
        except BackoutError as error:
            found = [_failed(branch, error.what(), type(error).__name__)]
        except Exception as error:  # noqa: BLE001 - one branch that breaks hides no other
            found = [_failed(branch, Unforeseen.of(error).what(), type(error).__name__)]
        if found:
            yield Examined(branch, [_for(application, checkup) for checkup in found])


def difference(before: Sequence[Examined], after: Sequence[Examined]) -> dict[str, list[Checkup]]:
    """`now well`, `still wrong` and `newly wrong`, as the second examination found each."""
    was = {(one.branch.name, *checkup.place) for one in before for checkup in one.bad}
    now = [((one.branch.name, *checkup.place), checkup) for one in after for checkup in one.checkups]
    return {
        "now well": [checkup for place, checkup in now if place in was and not checkup.bad],
        "still wrong": [checkup for place, checkup in now if place in was and checkup.bad],
        "newly wrong": [checkup for place, checkup in now if place not in was and checkup.bad],
    }


def _failed(branch: Branch, said: str, symptom: str) -> Checkup:
    return wrong("examination", branch.name, said, symptom=symptom)


def _for(application: str, checkup: Checkup) -> Checkup:
    """The same with the application's name in its commands."""
    remedies = [Remedy(name=one.name, command=named(one.command, application)) for one in checkup.remedies]
    return checkup.model_copy(update={"remedies": remedies})
