"""The exact arguments for containers, services and pods; the address is in none of them."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from blocks.migration_steps.places import READS_ADDRESS, AnyPlace, Place

PLACE: TypeAdapter[Place] = TypeAdapter(AnyPlace)
READS = ["sh", "-c", READS_ADDRESS, "backout", "DATABASE_URL"]
NPM = ["npm", "run", "migrate:down"]

PLACES: list[tuple[dict[str, Any], list[str]]] = [
    ({"kind": "container", "name": "shop-v1.2"}, ["docker", "exec", "--interactive", "shop-v1.2"]),
    (
        {"kind": "image", "name": "registry:5000/shop:1.2@sha256:0a", "network": "shop_default", "env_file": "/srv/.env"},
        [
            *("docker", "run", "--interactive", "--rm", "--pull=never", "--entrypoint="),
            *("--network=shop_default", "--env-file=/srv/.env", "registry:5000/shop:1.2@sha256:0a"),
        ],
    ),
    ({"kind": "compose", "service": "backend"}, ["docker", "compose", "exec", "-T", "backend"]),
    (
        {"kind": "compose", "service": "backend", "file": "/srv/c.yml", "project": "shop", "compose": ["docker-compose"]},
        ["docker-compose", "--file", "/srv/c.yml", "--project-name", "shop", "exec", "-T", "backend"],
    ),
    (
        {"kind": "pod", "name": "deployment/jarvis-api", "namespace": "production", "container": "api"},
        ["kubectl", "exec", "--stdin", "--namespace", "production", "--container", "api", "deployment/jarvis-api", "--"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "argv"), PLACES)
def test_arguments(settings: dict[str, Any], argv: list[str]) -> None:
    place = PLACE.validate_python(settings)
    assert place.inside(NPM, None) == [*argv, *NPM]
    assert place.inside(NPM, "DATABASE_URL") == [*argv, *READS, *NPM]


@pytest.mark.parametrize("name", ["--privileged", "", "shop; rm", "a b"])
def test_a_name_that_could_be_an_option_is_refused(name: str) -> None:
    for kind in ("container", "image"):
        with pytest.raises(ValidationError, match="string_pattern_mismatch"):
            PLACE.validate_python({"kind": kind, "name": name})


@contextmanager
def running(*command: str) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """A command behind the fixed text, and its open standard input."""
    process = subprocess.Popen(
        [*READS, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        assert process.stdin
        yield process, process.stdin


def test_a_real_sh_hands_the_address_on_and_reads_no_argument() -> None:
    script = 'printf "%s|%s" "$DATABASE_URL" "$1"; cat; exit 7'
    with running("sh", "-c", script, "mine", "$(id) `id` 'a'") as (process, given):
        given.write("postgresql://u:$(id)\\n'@h/d\n")
        given.flush()
        assert process.wait(30) == 7
        assert process.stdout
        assert process.stdout.read() == "postgresql://u:$(id)\\n'@h/d|$(id) `id` 'a'"


def test_the_command_is_ended_where_its_client_is_gone() -> None:
    with running("sh", "-c", "trap 'echo told; exit 3' TERM; echo began; while :; do sleep 0.05; done") as (
        process,
        given,
    ):
        given.write("postgresql://\n")
        given.flush()
        assert process.stdout
        assert process.stdout.readline() == "began\n"
        given.close()
        assert process.wait(30) == 3
        assert process.stdout.read() == "told\n"


def test_without_an_address_nothing_runs() -> None:
    with running("echo", "began") as (process, given):
        given.close()
        assert process.wait(30) == 1
        assert process.stdout
        assert process.stdout.read() == ""
