"""Evidence: logs, configuration, reports of an incident, at an fsspec URL."""

import posixpath
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

from blocks.files import PRIVATE
from blocks.home import close_to_others
from domain.errors import EvidenceNotKept
from domain.incident import Incident
from domain.names import block_name


class Evidence:
    """The folder of one incident. Files are written whole: to another name first, then renamed."""

    def __init__(self, url: str, incident: Incident) -> None:
        self._files, root = fsspec.core.url_to_fs(url)
        self._local = isinstance(self._files, LocalFileSystem)
        self._root = root
        self.folder = posixpath.join(root, block_name(incident.application), incident.id)

    def keep(self, name: str, content: bytes | str) -> str:
        """Write one file; its path. Raises EvidenceNotKept."""
        data = content.encode() if isinstance(content, str) else content
        path = posixpath.join(self.folder, name)
        partial = f"{path}.partial"
        try:
            self._make_folders(posixpath.dirname(path))
            self._files.pipe_file(partial, data)
            if self._local:
                Path(partial).chmod(PRIVATE)
            self._files.mv(partial, path)
        except OSError as error:
            raise EvidenceNotKept(where=self.folder, why=error.strerror or type(error).__name__) from error
        return path

    def _make_folders(self, folder: str) -> None:
        """Below the evidence's own root, folders on this host's disk are closed to others: logs may hold anything."""
        if self._local and not self._files.exists(self._root):
            Path(self._root).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._files.makedirs(folder, exist_ok=True)
        made = Path(folder)
        while self._local and made != Path(self._root) and made.is_relative_to(self._root):
            close_to_others(made)
            made = made.parent

    def has(self, name: str) -> bool:
        """Whether the file was kept."""
        return bool(self._files.exists(posixpath.join(self.folder, name)))
