"""The compose program: what is asked of both of its versions, and what becomes of its words."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from blocks.compose_program import ComposeProject, program
from domain.errors import CommandFailed

RECORDS = """\
#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word"; done > {folder}/said
"""


@pytest.fixture(autouse=True)
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A PATH with nothing but the shell, for programs that tests put there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(folder))
    program.cache_clear()
    yield folder
    program.cache_clear()


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def project(root: Path, **more: object) -> ComposeProject:
    return ComposeProject.model_validate(
        {"name": "shop", "folder": root, "files": ["deploy/compose.yaml", "/etc/more.yaml"], **more}
    )


def common(folder: Path) -> list[str]:
    named = ["--project-name", "shop", "--project-directory", str(folder)]
    return [*named, "--file", f"{folder}/deploy/compose.yaml", "--file", "/etc/more.yaml"]


def test_the_plug_in_is_preferred(tmp_path: Path, programs: Path) -> None:
    put(programs, "docker", RECORDS.format(folder=tmp_path))
    put(programs, "docker-compose", "#!/bin/sh\nexit 9\n")
    argv = project(tmp_path).argv("up", "--detach", "web")
    assert argv == ["docker", "compose", *common(tmp_path), "up", "--detach", "web"]
    assert (tmp_path / "said").read_text().split() == ["compose", "version"]


def test_a_docker_without_the_plug_in_leaves_the_old_program(tmp_path: Path, programs: Path) -> None:
    put(programs, "docker", "#!/bin/sh\necho \"docker: 'compose' is not a docker command.\" >&2\nexit 1\n")
    put(programs, "docker-compose", RECORDS.format(folder=tmp_path))
    argv = project(tmp_path).argv("up", "--detach", "web")
    assert argv == ["docker-compose", *common(tmp_path), "up", "--detach", "web"]


def test_neither_is_told_with_both_names(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"neither `docker compose` .* nor `docker-compose`"):
        project(tmp_path).argv("ps")


def test_the_files_variables_reach_the_program_and_our_own_do_not(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKOUT_SECRET", "hunter2")
    put(programs, "docker-compose", '#!/bin/sh\necho "${IMAGE} ${TAG} ${BACKOUT_SECRET-unset}"\n')
    given = project(tmp_path, variables={"IMAGE": "shop", "TAG": "1"})
    assert given.run("up", timeout_s=10, more={"TAG": "2"}) == "shop 2 unset\n"


def test_what_it_says_goes_into_the_error(tmp_path: Path, programs: Path) -> None:
    put(
        programs,
        "docker-compose",
        '#!/bin/sh\n[ "$1" = version ] && exit\necho no such service >&2\nexit 14\n',
    )
    for ask in (lambda: project(tmp_path).run("up", timeout_s=10), lambda: project(tmp_path).rendered()):
        with pytest.raises(CommandFailed, match="no such service") as failed:
            ask()
        assert failed.value.exit_code_seen == 14


def test_warnings_are_no_part_of_the_rendered_file(tmp_path: Path, programs: Path) -> None:
    script = "#!/bin/sh\necho 'WARNING: TAG is not set: {' >&2\necho 'services: {web: {image: shop}}'\n"
    put(programs, "docker-compose", script)
    assert project(tmp_path).rendered() == {"services": {"web": {"image": "shop"}}}


@pytest.mark.parametrize("printed", ["", "hunter2: [", "hunter2"])
def test_what_is_no_document_is_an_error_that_shows_none_of_it(
    tmp_path: Path, programs: Path, printed: str
) -> None:
    put(programs, "docker-compose", f"#!/bin/sh\necho '{printed}'\n")
    with pytest.raises(CommandFailed, match="no YAML document") as failed:
        project(tmp_path).rendered()
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize(
    "wrong", [{"name": "--all"}, {"name": "Shop"}, {"files": []}, {"folder": "deploy"}, {"x": 1}]
)
def test_settings_that_cannot_be_used_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        project(tmp_path, **wrong)
