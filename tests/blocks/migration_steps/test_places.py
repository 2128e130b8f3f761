"""The exact arguments for containers, services and pods; the address is in none of them."""

import subprocess
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from blocks.migration_steps.places import AnyPlace, Place

PLACE: TypeAdapter[Place] = TypeAdapter(AnyPlace)
READS = [
    "sh",
    "-c",
    'IFS= read -r value && export "$1=$value" && shift && exec "$@"',
    "backout",
    "DATABASE_URL",
]
NPM = ["npm", "run", "migrate:down"]

PLACES: list[tuple[dict[str, Any], list[str]]] = [
    ({"kind": "container", "name": "shop-v1.2"}, ["docker", "exec", "--interactive", "shop-v1.2"]),
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
    with pytest.raises(ValidationError, match="string_pattern_mismatch"):
        PLACE.validate_python({"kind": "container", "name": name})


def test_a_real_sh_hands_the_address_on_and_reads_no_argument() -> None:
    command = ["sh", "-c", 'printf "%s|%s" "$DATABASE_URL" "$1"', "mine", "$(id) `id` 'a'"]
    done = subprocess.run(
        [*READS, *command],
        input="postgresql://u:$(id)\\n'@h/d\nrest",
        text=True,
        capture_output=True,
        check=True,
    )
    assert done.stdout == "postgresql://u:$(id)\\n'@h/d|$(id) `id` 'a'"
