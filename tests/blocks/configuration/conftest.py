from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.blocks.configuration.documents import Write


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file of applications, or of text, and gives its path."""

    def put(*held: Any, name: str = "backout.yaml") -> Path:
        text = held[0] if isinstance(held[0], str) else yaml.safe_dump({"applications": list(held)})
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return put
