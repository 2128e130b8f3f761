from pathlib import Path

import pytest

from blocks.checkout.git import Git
from examples.aldeia.history import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Aldeia's: phase-5-complete, phase-6-complete, v1.0.0, v1.1.0; v1.1.0 is checked out."""
    return Repository(tmp_path / "aldeia").create()


@pytest.fixture
def git(repository: Repository) -> Git:
    return Git(repository.folder)
