"""What is left out of logs and evidence."""

from blocks.kubernetes.masking import entry, secrets_of, shown
from blocks.program import MASK

SECRET = "correct-horse-battery-staple"
TEMPLATE = {
    "metadata": {"labels": {"app": "jarvis-api"}},
    "spec": {
        "initContainers": [
            {"name": "migrate", "image": "api:1", "env": [{"name": "DSN", "value": f"{SECRET}-too"}]}
        ],
        "containers": [
            {
                "name": "app",
                "image": "api:1",
                "env": [
                    {"name": "KEY", "value": SECRET},
                    {"name": "SLOT", "value": "jarvis-api"},
                    {"name": "LOG_LEVEL", "value": "debug-everything"},
                    {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                ],
            }
        ],
    },
}


def test_values_of_variables_are_secrets_but_for_public_ones_and_plain_names() -> None:
    assert secrets_of([TEMPLATE], ["LOG_LEVEL"]) == {SECRET, f"{SECRET}-too"}


def test_an_object_is_shown_without_values_and_without_what_kubectl_noted_of_it() -> None:
    noted = {"kubectl.kubernetes.io/last-applied-configuration": SECRET, "owner": "team-a"}
    text = str(
        shown(
            {"metadata": {"annotations": noted, "managedFields": [1]}, "spec": {"template": TEMPLATE}},
            ["LOG_LEVEL"],
        )
    )
    assert SECRET not in text
    assert "managedFields" not in text
    assert "team-a" in text
    assert "debug-everything" in text
    assert MASK in text


def test_a_key_that_looks_like_a_secret_is_masked_in_a_config_map() -> None:
    assert entry("API_TOKEN", "abc", []) == MASK
    assert entry("GREETING", "hello", []) == "hello"
    assert entry("CACHE", "redis://:hunter2@cache:6379", []) == f"redis://:{MASK}@cache:6379"
    assert entry("PUBLIC_KEY", "abc", ["PUBLIC_KEY"]) == "abc"
