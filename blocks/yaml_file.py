"""YAML as `backout.yaml` is written: no key twice, keys are text, dates stay text, nothing is executed."""

from pathlib import Path
from typing import Any

import yaml

from domain.errors import ConfigurationError

TIMESTAMP = "tag:yaml.org,2002:timestamp"
MERGE = "tag:yaml.org,2002:merge"


class Strict(yaml.SafeLoader):
    """The safe loader, stricter. A date would come back changed from JSON, so it stays the text that was written."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the base class declares it so
        first: [(tag, pattern) for tag, pattern in rules if tag != TIMESTAMP]
        for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Refuse keys that are no text, or there twice."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == MERGE:
                continue
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str):
                raise _marked(f"key {key.value} is not text: put it in quotes", key)
            if name in seen:
                raise _marked(f"key {name!r} is there twice", key)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


def _marked(problem: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(problem=problem, problem_mark=node.start_mark)


def load(file: Path) -> Any:
    """What the file holds. Raises ConfigurationError with line and column, and where it cannot be read."""
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(str(file), "file", f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(str(file), f"byte {error.start}", "is not UTF-8 text") from None
    return parse(text, str(file))


def parse(text: str, source: str) -> Any:
    """What the text holds. Raises ConfigurationError with line and column."""
    try:
        return yaml.load(text, Loader=Strict)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "file"
        raise ConfigurationError(source, where, error.problem or "is not YAML") from None
    except yaml.YAMLError:
        raise ConfigurationError(source, "file", "holds a character that YAML does not allow") from None
    except RecursionError:
        raise ConfigurationError(source, "file", "is nested too deeply") from None
