"""Where a local ledger keeps its incidents: the current one in the application's folder, older ones put aside."""

from pathlib import Path

from blocks.files import replace_file
from blocks.home import Home
from domain.incident import Incident
from domain.names import block_name

INCIDENT = "incident.json"
JOURNAL = "journal.jsonl"
APPROVALS = "approvals.jsonl"
RELEASES = "releases.jsonl"
MIRRORED = "mirrored.jsonl"
PAST = "past"
RECONCILED = "reconciled"


class LocalFolders:
    """The folders of one application. Methods raise OSError."""

    def __init__(self, home: Home, application: str, current: Path | None = None) -> None:
        self.state = home.state / block_name(application)
        self.folder = current or self.state

    def current(self) -> Incident | None:
        """The incident in the current folder; None where there is none."""
        return _incident(self.folder)

    def of(self, incident: str) -> Path:
        """The folder an incident lies in now: another run may have put it aside since."""
        found = self.current()
        if found is not None and found.id == incident:
            return self.folder
        aside = [self.state / where / incident for where in (PAST, RECONCILED)]
        return next((folder for folder in aside if (folder / INCIDENT).exists()), self.folder)

    def incident(self, incident: str) -> Incident | None:
        """The incident, current or put aside."""
        found = _incident(self.of(incident))
        return found if found is not None and found.id == incident else None

    def keep(self, incident: Incident, folder: Path) -> None:
        """Write the incident in one of its folders."""
        replace_file(folder / INCIDENT, incident.model_dump_json(indent=1).encode())

    def past(self) -> list[Path]:
        """What was put aside and has a journal of its own, oldest first."""
        return sorted(folder for folder in (self.folder / PAST).glob("*") if (folder / JOURNAL).exists())

    def put_aside(self, incident: str, where: str) -> None:
        """Move the current incident's files to `PAST` or `RECONCILED`."""
        aside = self.state / where / incident
        aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in (JOURNAL, APPROVALS, MIRRORED, INCIDENT):
            if (self.folder / name).exists():
                (self.folder / name).replace(aside / name)


def _incident(folder: Path) -> Incident | None:
    path = folder / INCIDENT
    return Incident.model_validate_json(path.read_bytes()) if path.exists() else None
