import os
from pathlib import Path

import pytest

from blocks.checkout.environment_file import EnvironmentFile, differing, missing, shown, values_of

TEXT = b"""# production
export JWT_SECRET="a long secret"
DATABASE_URL = postgresql://aldeia@postgres/aldeia
EMPTY=
FEATURE_NEW_CHAT=true
"""
COMMIT = "a" * 40


@pytest.fixture
def file(tmp_path: Path) -> EnvironmentFile:
    made = EnvironmentFile(tmp_path / ".env", tmp_path / "index.json")
    made.path.write_bytes(TEXT)
    made.path.chmod(0o640)
    os.utime(made.path, (1_763_800_000, 1_763_800_000))
    return made


def test_values_are_read_as_shells_write_them(file: EnvironmentFile) -> None:
    assert file.values() == {
        "JWT_SECRET": "a long secret",
        "DATABASE_URL": "postgresql://aldeia@postgres/aldeia",
        "EMPTY": "",
        "FEATURE_NEW_CHAT": "true",
    }


def test_a_key_that_is_not_there_or_holds_nothing_is_missing() -> None:
    assert missing(TEXT, ["JWT_SECRET", "EMPTY", "SMTP_URL"]) == ["EMPTY", "SMTP_URL"]


def test_the_same_content_is_kept_once_and_closed_to_others(file: EnvironmentFile) -> None:
    first, second = file.keep(COMMIT), file.keep()
    assert first is not None
    assert first == second
    assert file.kept() == [first]
    assert first.path.name == f".env.rollback-backup-{first.name}"
    assert first.path.stat().st_mode & 0o777 == 0o600
    assert file.of(COMMIT) == first
    assert file.of("b" * 40) is None


def test_a_copy_is_put_back_and_what_was_there_is_kept(file: EnvironmentFile) -> None:
    before = file.keep()
    assert before is not None
    file.path.write_bytes(b"JWT_SECRET=another\n")
    file.put(before)
    assert file.content() == TEXT
    assert file.name() == before.name
    assert [kept.path.read_bytes() for kept in file.kept() if kept != before] == [b"JWT_SECRET=another\n"]
    assert file.path.stat().st_mode & 0o777 == 0o640


def test_two_contents_of_one_second_have_two_names(file: EnvironmentFile) -> None:
    first = file.keep()
    file.path.write_bytes(b"JWT_SECRET=another\n")
    os.utime(file.path, (1_763_800_000, 1_763_800_000))
    second = file.keep()
    assert first is not None
    assert second is not None
    assert second.name == f"{first.name}-2"
    assert second.at == first.at


def test_copies_that_people_made_count_and_other_files_do_not(file: EnvironmentFile) -> None:
    for name in ("20250106-143022", "old", "20250106"):
        file.path.with_name(f".env.rollback-backup-{name}").write_text("JWT_SECRET=x")
    assert [kept.name for kept in file.kept()] == ["20250106-143022"]


def test_one_variable_is_set_and_every_other_line_stays(file: EnvironmentFile) -> None:
    file.set_variable("FEATURE_NEW_CHAT", "false")
    file.set_variable("ADDED", "yes")
    assert file.content() == TEXT.replace(b"=true", b"=false") + b"ADDED=yes\n"
    assert len(file.kept()) == 2


def test_a_variable_that_is_set_keeps_its_quotes_and_what_is_said_of_it(file: EnvironmentFile) -> None:
    file.path.write_bytes(b'FEATURE_NEW_CHAT="true"  # ask ann first\n')
    file.set_variable("FEATURE_NEW_CHAT", "false")
    assert file.content() == b'FEATURE_NEW_CHAT="false"  # ask ann first\n'


def test_what_differs_is_named_and_never_shown(file: EnvironmentFile) -> None:
    assert differing(TEXT, b"JWT_SECRET=other\nFEATURE_NEW_CHAT=true\nEMPTY=") == [
        "DATABASE_URL",
        "JWT_SECRET",
    ]
    text = shown(file.content(), "***", ["FEATURE_NEW_CHAT"])
    assert text.splitlines() == ["JWT_SECRET=***", "DATABASE_URL=***", "EMPTY=***", "FEATURE_NEW_CHAT=true"]


def test_a_host_without_the_file_has_no_variables(tmp_path: Path) -> None:
    none = EnvironmentFile(tmp_path / ".env", tmp_path / "index.json")
    assert (none.content(), none.values(), none.keep(), none.kept()) == (b"", {}, None, [])
    assert none.name() == "none"
    assert values_of(b"not a line\n") == {}
