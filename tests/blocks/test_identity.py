"""What a program of this host is made of, and what the pods of a slot run."""

from pathlib import Path

from blocks.identity import OfPrograms, identity_of
from blocks.kubernetes.identity import identity_of as of_pods
from blocks.kubernetes.pods import ContainerState, Pod
from blocks.program import Program

DIGEST = "sha256:" + "a" * 64


class Slots(OfPrograms):
    """One slot, `blue`."""

    def __init__(self, program: Program) -> None:
        self.programs = {"blue": program}


def program(folder: Path, **over: object) -> Program:
    given = {"command": ["./serve", "--port", "80"], "cwd": folder, "address": "http://127.0.0.1:80"}
    return Program.model_validate({**given, **over})


def digest(folder: Path, **over: object) -> str:
    return Slots(program(folder, **over)).identity("blue").images["blue"]


def test_the_same_program_is_the_same_and_another_file_is_another(tmp_path: Path) -> None:
    (tmp_path / "serve").write_text("one")
    before = digest(tmp_path)
    assert before.startswith("sha256:")
    assert digest(tmp_path) == before
    (tmp_path / "serve").write_text("two")
    assert digest(tmp_path) != before


def test_a_secret_cannot_be_guessed_from_it(tmp_path: Path) -> None:
    one, two = (digest(tmp_path, env={"PASSWORD": word}) for word in ("hunter2", "swordfish"))
    assert one == two, "its name is in it, its value is not"
    assert digest(tmp_path) != one


def test_a_platform_that_cannot_tell_says_nothing() -> None:
    assert identity_of(object(), "blue").images == {}


def pod(image_id: str, state: str = "running", *, leaving: bool = False, first: bool = False) -> Pod:
    container = ContainerState(
        name="app", state=state, ready=True, restarts=0, image="shop:2.0", image_id=image_id, first=first
    )
    return Pod(
        name="one", ip="", phase="Running", ready=True, leaving=leaving, restarts=0, since=None, reason="",
        message="", containers=(container,), template="", labels={},
    )  # fmt: skip


def test_pods_name_the_digest_that_their_node_runs() -> None:
    for said in (f"docker-pullable://shop@{DIGEST}", f"docker://{DIGEST}", f"registry/shop@{DIGEST}", DIGEST):
        assert of_pods([pod(said)]).images == {"app": DIGEST}


def test_what_leaves_waits_or_came_first_is_not_what_serves() -> None:
    pods = [pod(DIGEST, leaving=True), pod(DIGEST, "waiting"), pod(DIGEST, first=True)]
    assert of_pods(pods).images == {}
