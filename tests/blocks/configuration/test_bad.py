"""Every bad input, with its message."""

from pathlib import Path
from typing import Any

import pytest

from blocks.adapter import kinds
from domain.errors import UnknownKind
from tests.blocks.configuration.documents import APPLICATION, Write, changed, refused


@pytest.mark.parametrize(
    ("application", "key", "problem", "allowed"),
    [
        (changed("name", remove=True), "name", "is missing", []),
        (changed("name", to="Shop"), "name", "is not app/environment", []),
        (changed("name", to="${X}/production"), "name", "is not app/environment", []),
        (changed("name", to=5), "name", "should be a valid string", []),
        (changed("platform", remove=True), "platform", "is missing", []),
        (changed("platform", to="processes"), "platform", "should be", []),
        (changed("platform", "slots", "blue", "cwd", to=5), "platform.slots.blue.cwd", "is not a path", []),
        (
            changed("platform", "kind", to="kubernets"),
            "platform.kind",
            "no such kind of platforms: 'kubernets'",
            kinds("platforms"),
        ),
        (
            changed(
                "database", to={"kind": "postgresql", "url": "postgresql:///x", "stop_application": True}
            ),
            "database",
            "platform processes cannot stop the application",
            [],
        ),
        (
            changed("integration", to="weather"),
            "integration",
            "'weather' is no flag of platform processes",
            [],
        ),
        (changed("platform", to={}), "platform.kind", "is missing", kinds("platforms")),
        (changed("platform", "kind", to="kubernets"), "platform.kind", "no such kind", kinds("platforms")),
        (changed("health", "kind", to="../../etc"), "health.kind", "no such kind", kinds("signals")),
        (changed("health", "kind", to=7), "health.kind", "no such kind", kinds("signals")),
        (changed("checks", 0, "kind", to="ping"), "checks[0].kind", "no such kind", kinds("signals")),
        (
            changed("platform", "router", "kind", to="haproxy9"),
            "platform.router.kind",
            "no such kind",
            kinds("routers"),
        ),
        (
            changed("platform", "slots", "blue", "command", remove=True),
            "platform.slots.blue.command",
            "is missing",
            [],
        ),
        (
            changed("platform", "slots", "blue", "command", to="rm -rf"),
            "platform.slots.blue.command",
            "should be a valid list",
            [],
        ),
        (changed("health", "path", to="health"), "health.path", "should match pattern", []),
        (changed("health", "timeout_s", to="hunter2"), "health.timeout_s", "should be a valid number", []),
        (
            changed("health", "expect", "status", to="hunter2"),
            "health.expect.status",
            "should be a valid integer",
            [],
        ),
        (
            changed("health", "expect", "status", to=[200, 9]),
            "health.expect.status[1]",
            "greater than or equal to 100",
            [],
        ),
        (
            changed("policy", to={"preset": "aldea"}),
            "policy",
            "preset 'aldea' does not exist (allowed: default",
            [],
        ),
        (
            changed("policy", to={"rules": {"critical": {"action": "hunter2"}}}),
            "policy.rules.critical.action",
            "is not one of the choices",
            ["roll back", "hotfix first", "next release"],
        ),
        (
            changed("policy", to={"rules": {"urgent": {}}}),
            "policy.rules.urgent",
            "is not one of the choices",
            ["critical", "high", "medium", "low"],
        ),
        (
            changed("channels", 0, "severities", to=["hunter2"]),
            "channels[0].severities[0]",
            "is not one of the choices",
            ["critical", "high", "medium", "low"],
        ),
        (changed("watch", to={"every_s": 0}), "watch.every_s", "greater than 0", []),
        (
            changed("watch", to={"triggers": [{"failures": 3, "issue": "service-outrage"}]}),
            "watch",
            "trigger health: issue 'service-outrage' is no row of policy.issues (allowed: security-vulnerability",
            [],
        ),
    ],
)
def test_bad_values(
    write: Write, application: dict[str, Any], key: str, problem: str, allowed: list[str]
) -> None:
    file = write(changed("name", to="shop/first"), application)
    error = refused(file)
    assert (error.file, error.key) == (str(file), f"applications[1].{key}")
    assert problem in error.problem
    assert list(error.allowed) == allowed
    assert isinstance(error, UnknownKind) == key.endswith("kind")


@pytest.mark.parametrize(
    ("application", "key", "known"),
    [
        (changed("plattform", to=1), "plattform", "platform"),
        (changed("platform", "slot", to=1), "platform.slot", "slots"),
        (changed("platform", "slots", "blue", "comand", to=1), "platform.slots.blue.comand", "command"),
        (changed("platform", "router", "adress", to=1), "platform.router.adress", "address"),
        (changed("health", "expekt", to=1), "health.expekt", "expect"),
        (changed("health", "expect", "jason", to=1), "health.expect.jason", "json"),
        (changed("checks", 0, "hunter", to="${X}"), "checks[0].hunter", "timeout_s"),
        (changed("database", "uri", to="${X}"), "database.uri", "url"),
        (changed("policy", "watch", to=1), "policy.watch", "watch_s"),
        (changed("watch", to={"triggers": [{"failurs": 2}]}), "watch.triggers[0].failurs", "failures"),
        (changed("watch", to={"trigger": {"failures": 2}}), "watch.trigger", "triggers"),
        (changed("contacts", to=[{"role": "a", "reach": "b", "mail": "c"}]), "contacts[0].mail", "reach"),
    ],
)
def test_an_unknown_key_is_named_with_the_known_ones(
    write: Write, application: dict[str, Any], key: str, known: str
) -> None:
    error = refused(write(application))
    assert (error.key, error.problem) == (f"applications[0].{key}", "is not a known key")
    assert known in error.allowed


def test_the_other_problems_are_listed(write: Write) -> None:
    error = refused(write(changed("health", to={"kind": "http", "pat": "/", "timeout_s": -1})))
    assert error.key == "applications[0].health.pat"
    assert error.problem.endswith(
        "; more problems at applications[0].health.path, applications[0].health.timeout_s"
    )


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("applications: [", "line 1, column 16", "expected the node content"),
        ("a: b: c", "line 1, column 5", "mapping values are not allowed here"),
        ("applications:\n\t- x", "line 2, column 1", "cannot start any token"),
        ("applications: []\napplications: []", "line 2, column 1", "key 'applications' is there twice"),
        ("applications:\n  - {name: a/b, name: a/c}", "line 2, column 17", "key 'name' is there twice"),
        ("applications: [{on: 1, 5: 2}]", "line 1, column 17", "key on is not text: put it in quotes"),
        (
            "applications: !!python/object/apply:os.system [id]",
            "line 1, column 15",
            "could not determine a constructor",
        ),
        ("a: 1\n---\nb: 2", "line 2, column 1", "but found another document"),
        ("a: \x07", "file", "holds a character that YAML does not allow"),
        ("a: &a [*a]", "file", "an alias of itself"),
        ("a: .nan", "file", "a number that is none"),
        ("[" * 2000, "file", "nested too deeply"),
        ("", "file", "is not a mapping"),
        ("- name: a/b", "file", "is not a mapping"),
        ("applications: []", "applications", "should have at least 1 item"),
        ("applications: {name: a/b}", "applications", "should be a valid list"),
        ("applications: [shop]", "applications[0]", "should be a valid dictionary"),
        ("application: []", "application", "is not a known key; more problems at applications"),
    ],
)
def test_malformed_files(write: Write, text: str, key: str, problem: str) -> None:
    error = refused(write(text))
    assert error.key == key
    assert problem in error.problem


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert refused(tmp_path / "nowhere.yaml").problem == "cannot be read: No such file or directory"
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    assert (refused(tmp_path / "latin.yaml").key, refused(tmp_path / "latin.yaml").problem) == (
        "byte 9",
        "is not UTF-8 text",
    )
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "empty").problem == "holds no *.yaml or *.yml file"


def test_an_application_described_twice_is_refused(write: Write) -> None:
    first, second = write(APPLICATION, name="a.yaml"), write(APPLICATION, name="b.yaml")
    error = refused(first, second)
    assert (error.file, error.key) == (str(second), "applications[0].name")
    assert error.problem == f"shop/production is already described in {first} as applications[0]"
    assert refused(write(APPLICATION, APPLICATION)).key == "applications[1].name"


def test_a_key_that_is_misspelt_comes_before_the_one_that_is_missing(write: Write) -> None:
    spoilt = {("helth" if key == "health" else key): value for key, value in APPLICATION.items()}
    error = refused(write(spoilt))
    assert error.key == "applications[0].helth"
    assert "health" in error.allowed
    assert "more problems at applications[0].health" in error.problem


def test_a_kind_that_may_be_a_secret_is_not_shown(write: Write) -> None:
    for kind in ("hunter2 and more", 918273645, "../../etc"):
        assert str(kind) not in str(refused(write(changed("health", "kind", to=kind))))


@pytest.mark.parametrize(
    ("drill", "key"),
    [
        (
            {"faults": {"disk": {"inject": ["break", "--token=${TOKEN}"], "undo": ["mend"]}}},
            "drill.faults.disk.inject",
        ),
        (
            {"faults": {"disk": {"inject": ["break"], "undo": ["mend", "block:secret/x"]}}},
            "drill.faults.disk.undo",
        ),
        ({"deploy": ["${DEPLOY}"], "faults": {"disk": {"inject": ["a"], "undo": ["b"]}}}, "drill.deploy"),
    ],
)
def test_a_secret_in_a_drills_command_is_refused(write: Write, drill: dict[str, Any], key: str) -> None:
    error = refused(write({**APPLICATION, "drill": drill}))
    assert (error.key, "drill.env" in error.problem) == (f"applications[0].{key}", True)
