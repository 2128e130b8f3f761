"""Evidence: logs, configuration, reports of an incident, at an fsspec URL."""

import posixpath

import fsspec

from domain.errors import EvidenceNotKept
from domain.incident import Incident
from domain.names import block_name


class Evidence:
    """The folder of one incident. Files are written whole: to another name first, then renamed."""

    def __init__(self, url: str, incident: Incident) -> None:
        self._files, root = fsspec.core.url_to_fs(url)
        self.folder = posixpath.join(root, block_name(incident.application), incident.id)

    def keep(self, name: str, content: bytes | str) -> str:
        """Write one file; its path. Raises EvidenceNotKept."""
        data = content.encode() if isinstance(content, str) else content
        path = posixpath.join(self.folder, name)
        partial = f"{path}.partial"
        try:
            self._files.makedirs(posixpath.dirname(path), exist_ok=True)
            self._files.pipe_file(partial, data)
            self._files.mv(partial, path)
        except OSError as error:
            raise EvidenceNotKept(where=self.folder, why=error.strerror or type(error).__name__) from error
        return path

    def has(self, name: str) -> bool:
        """Whether the file was kept."""
        return bool(self._files.exists(posixpath.join(self.folder, name)))
