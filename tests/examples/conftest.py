"""One stack for the tests of the demo; each test starts the slots it needs."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.demo.stack import Stack


def searchable_folder() -> Path:
    # Not below pytest's own folder: each pytest that starts closes that one, and PostgreSQL, which drops root, is out.
    folder = Path(tempfile.mkdtemp(prefix="demo-stack-"))
    folder.chmod(0o711)
    return folder


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    stack = Stack(searchable_folder()).up()
    yield stack
    stack.remove()


@pytest.fixture
def stack_folder() -> Iterator[Path]:
    """An empty folder for a stack of the test's own."""
    folder = searchable_folder()
    yield folder
    shutil.rmtree(folder)
