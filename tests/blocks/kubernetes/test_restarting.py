"""When a Deployment's pods are replaced, and when that was done already; the rest is seen on a real cluster."""

import json
from copy import deepcopy

import pytest

from blocks.kubernetes.resources import Json
from blocks.kubernetes.restarting import NEVER, is_due, mark_of, moment, patch_of, restarted
from domain.errors import NotPrepared

PLAIN: Json = {"metadata": {"name": "api"}, "spec": {"template": {"metadata": {"labels": {"app": "api"}}}}}


def test_a_restart_changes_the_mark_and_is_done_once() -> None:
    assert mark_of(PLAIN) == NEVER
    assert is_due(PLAIN, NEVER)
    again = restarted(moment())(deepcopy(PLAIN))
    assert mark_of(again) != NEVER
    assert not is_due(again, NEVER)
    assert is_due(again, mark_of(again))
    assert not is_due(again, None)
    assert again["spec"]["template"]["metadata"]["labels"] == {"app": "api"}


def test_the_patch_says_the_same_as_the_replacement() -> None:
    at = moment()
    wanted = restarted(at)({"spec": {"template": {}}})
    assert json.dumps(patch_of(at)) == json.dumps(wanted)


def test_a_paused_one_is_told_with_the_command_that_resumes_it() -> None:
    paused = deepcopy(PLAIN)
    paused["spec"]["paused"] = True
    with pytest.raises(NotPrepared, match="kubectl rollout resume deployment/api"):
        is_due(paused, NEVER)
