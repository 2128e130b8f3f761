import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest

import domain.errors
from domain.errors import (
    BackoutError,
    Busy,
    CanaryFailed,
    CanaryInterrupted,
    CanaryLeft,
    ChannelRefused,
    ClusterForbids,
    ClusterUnavailable,
    ClusterUntrusted,
    CommandFailed,
    ConfigurationError,
    Conflict,
    Drift,
    EngineUnavailable,
    EvidenceNotKept,
    GateClosed,
    InTheWay,
    JournalBroken,
    KubeconfigUnusable,
    LostLock,
    MissingSecret,
    NotAllowed,
    NotInCluster,
    NotInstalled,
    NotLoggedIn,
    NotPermitted,
    NotPrepared,
    NotReady,
    PrefectUnavailable,
    RestartFailed,
    RolloutStalled,
    StoreUnavailable,
    SwitchUnclear,
    ToldToWait,
    Unforeseen,
    UnknownApplication,
    UnknownIncident,
    UnknownKind,
    UnknownPart,
    UnknownRelease,
    UnknownRemedy,
    UnknownSlot,
    Unreachable,
    UntrustedHost,
    VerificationFailed,
)
from tests.domain.database.errors import EXAMPLES as OF_DATABASES

WHERE: dict[str, Any] = {"file": "backout.yaml", "key": "platform.kind", "problem": "'swarm' does not exist"}
SERVER: dict[str, Any] = {"what_it_is": "the server", "address": "127.0.0.1:4200", "why": "refused"}

EXAMPLES = [
    *OF_DATABASES,
    (
        NotPrepared(release="v1.0.0 (abc1234)", why="its build failed"),
        ["v1.0.0 (abc1234)", "its build failed"],
    ),
    (RestartFailed(slot="green", why="health on green: http 503"), ["green", "http 503"]),
    (CanaryFailed(release="3.0", share=10, why="7 of 20 failed"), ["3.0 at 10 %", "7 of 20 failed"]),
    (GateClosed(release="3.0", share=50, why="bob (cli): no"), ["more than 50 %", "3.0", "bob (cli): no"]),
    (CanaryInterrupted(release="3.0"), ["cut off", "3.0"]),
    (CanaryLeft(slot="blue"), ["blue", "stays shared out"]),
    (NotInstalled(release="3.0", slot="green", why="it holds 1.0"), ["3.0", "green", "1.0"]),
    (InTheWay(application="shop/production", incident="one"), ["shop/production", "incident one"]),
    (
        NotReady(application="shop/production", why="2.0 in blue is not healthy"),
        ["shop/production", "blue is not healthy"],
    ),
    (Unforeseen(error="KeyError", why="'slot'"), ["KeyError", "slot"]),
    (
        Busy(application="shop/production", holder="77", waited_s=30, file="/state/x.turn"),
        ["shop/production", "77", "30 s"],
    ),
    (
        ConfigurationError(**WHERE, allowed=["processes"]),
        ["backout.yaml", "platform.kind", "swarm", "processes"],
    ),
    (UnknownKind(**WHERE), ["swarm"]),
    (
        MissingSecret(file="backout.yaml", key="token", problem="${SLACK_TOKEN} is not set"),
        ["${SLACK_TOKEN}"],
    ),
    (Drift(file="block shop--production", key="health.url", problem="differs"), ["block shop--production"]),
    (
        UnknownApplication(application="shop/prod", known=["shop/production"]),
        ["shop/prod", "shop/production"],
    ),
    (UnknownIncident(incident="2026-x"), ["2026-x"]),
    (UnknownRelease(application="shop/production", release="v9", known=["v1"]), ["v9", "v1"]),
    (UnknownRelease("shop/production", "v9", ["v1"], recorded=True), ["no release 'v9' is recorded", "v1"]),
    (UnknownApplication("shop/production", ["a/b"], files=["x.yaml"]), ["x.yaml", "a/b"]),
    (UnknownPart(part="mobile", known=["backend", "config"]), ["mobile", "backend", "config"]),
    (UnknownRemedy(adapter="compose", remedy="pray"), ["compose", "pray"]),
    (UnknownSlot(slot="red", known=["blue", "green"]), ["red", "blue", "green"]),
    (
        SwitchUnclear(address="http://api:8080", wanted="from green to blue", known="the POST got 502"),
        ["http://api:8080", "green to blue", "502"],
    ),
    (
        CommandFailed(argv=["docker", "ps"], exit_code_seen=None, output="waiting"),
        ["docker ps", "did not end"],
    ),
    (
        CommandFailed(argv=["docker", "ps"], exit_code_seen=7, output="no daemon"),
        ["ended with 7", "no daemon"],
    ),
    (NotPermitted("file", "/srv/x", "Permission denied"), ["file /srv/x", "Permission denied"]),
    (Unreachable(**SERVER), ["the server", "127.0.0.1:4200", "refused"]),
    (EngineUnavailable(**SERVER), ["refused"]),
    (ClusterUnavailable(**SERVER), ["127.0.0.1:4200", "does not answer", "refused"]),
    (NotLoggedIn(**SERVER), ["127.0.0.1:4200", "refused"]),
    (ClusterForbids(**SERVER), ["127.0.0.1:4200", "refuses: refused"]),
    (ClusterUntrusted(**SERVER), ["127.0.0.1:4200", "refused"]),
    (KubeconfigUnusable("the kubeconfig", "/srv/k", "no context"), ["the kubeconfig /srv/k", "no context"]),
    (NotInCluster("Service", "shop", "prod", ["api"]), ["prod", "Service shop", "there are api"]),
    (RolloutStalled("api", "2.0", "ErrImagePull"), ["api", "2.0", "ErrImagePull"]),
    (ToldToWait(**SERVER, wait_s=30), ["the server", "refused", "30 s"]),
    (UntrustedHost(**SERVER, known_hosts="/etc/known"), ["the server", "not trusted", "refused"]),
    (StoreUnavailable(**SERVER), ["refused"]),
    (PrefectUnavailable(**SERVER), ["refused"]),
    (Conflict(on="route", expected="green", found="blue"), ["route", "green", "blue"]),
    (LostLock(application="shop/production", incident="2026-x"), ["shop/production", "2026-x"]),
    (EvidenceNotKept(where="/srv/evidence", why="no space left"), ["/srv/evidence", "no space left"]),
    (VerificationFailed(slot="blue", bad=["health", "websocket"]), ["blue", "health", "websocket"]),
    (ChannelRefused(channel="slack", why="no such channel"), ["slack", "no such channel"]),
    (NotAllowed(person="sam", wanted="approve", why="asked for it"), ["sam", "approve", "asked for it"]),
    (JournalBroken(incident="2026-x", problems=["entry 2 is missing"]), ["2026-x", "entry 2 is missing"]),
]


def below(kind: type[BackoutError], depth: int = 0) -> Iterator[tuple[int, str, str]]:
    yield depth, kind.__name__, "" if depth == 0 else kind.__bases__[0].__name__
    # The rooms above have a few of their own, which are there when their tests ran in the same process.
    for child in (child for child in kind.__subclasses__() if child.__module__.startswith("domain.")):
        yield from below(child, depth + 1)


def drawn(text: str) -> set[tuple[int, str, str]]:
    """The tree of a docstring, as (depth, name, parent)."""
    rows, path = set(), [""]
    for line in text.splitlines():
        found = re.match(r"((?:│   |├── |└── )*)([A-Z]\w+)(?:\s{2,}|$)", line)
        if found:
            depth = len(found[1]) // 4
            path[depth:] = [found[2]]
            rows.add((depth, found[2], path[depth - 1] if depth else ""))
    return rows


def test_the_docstring_draws_the_tree_as_it_is() -> None:
    assert drawn(domain.errors.__doc__ or "") == set(below(BackoutError))


def test_every_error_is_offered_and_has_an_example() -> None:
    names = {name for _, name, _ in below(BackoutError)}
    assert set(domain.errors.__all__) == names
    assert {type(error).__name__ for error, _ in EXAMPLES} == names - {"BackoutError"}


@pytest.mark.parametrize(("error", "words"), EXAMPLES, ids=lambda value: type(value).__name__)
def test_an_error_says_what_and_what_next(error: BackoutError, words: list[str]) -> None:
    assert [word for word in words if word not in error.what()] == []
    assert "\n" not in error.what()
    assert error.next_step()
    assert str(error) == f"{error.what()}\n  next: {error.next_step()}"


@pytest.mark.parametrize("error", [error for error, _ in EXAMPLES], ids=lambda value: type(value).__name__)
def test_an_error_comes_back_whole_from_another_process(error: BackoutError) -> None:
    back = pickle.loads(pickle.dumps(error))  # noqa: S301 -- our own bytes, of a line ago
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)


def test_only_what_can_get_better_by_itself_is_retried() -> None:
    retryable = {type(error).__name__ for error, _ in EXAMPLES if error.retryable}
    assert retryable == {
        "Unreachable",
        "ToldToWait",
        "ClusterUnavailable",
        "EngineUnavailable",
        "StoreUnavailable",
        "PrefectUnavailable",
        "DatabaseUnreachable",
        "ConnectionsRemain",
        "MigrationRunning",
        "Conflict",
        "Busy",
    }


def test_bad_usage_ends_with_2_and_all_else_with_1() -> None:
    usage = {type(error).__name__ for error, _ in EXAMPLES if error.exit_code == 2}
    assert usage == {
        "ConfigurationError",
        "UnknownKind",
        "MissingSecret",
        "UnknownApplication",
        "UnknownIncident",
        "UnknownPart",
        "UnknownRelease",
        "UnknownRemedy",
        "ProgramUnfit",
        "UnknownVersion",
    }


def test_a_missing_variable_is_only_seen_after_a_restart() -> None:
    assert "restart `backout serve`" in MissingSecret(**WHERE).next_step()
