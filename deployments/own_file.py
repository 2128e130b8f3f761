"""An application's entry in a `backout.yaml` of this host, for when the store cannot be asked what was applied."""

from pathlib import Path

from blocks import configuration
from blocks.configuration import Described
from blocks.home import Home
from deployments.cli.output import errors
from domain.errors import ConfigurationError, UnknownApplication
from domain.names import block_name

SEARCHED = ("backout.yaml", "backout.yml")


def described_here(home: Home, application: str, file: str | None) -> Described:
    """From the file given, else ./backout.yaml, else where it was last applied from on this host; says which it reads.

    Raises:
        UnknownApplication: no file that was read describes it.
        ConfigurationError: no file was found, or it cannot be used.
    """
    candidates = [Path(file)] if file else [Path(name) for name in SEARCHED]
    candidates += [] if file else _remembered(home, application)
    found = [path for path in candidates if path.exists()]
    if not found:
        raise ConfigurationError(
            file=str(candidates[0]), key="", problem="does not exist; give one with --file"
        )
    return _first(found, application)


def remember(home: Home, application: str, file: Path) -> None:
    """Note where the application was applied from, for when nothing else can be asked."""
    (home.state / f"{block_name(application)}.source").write_text(str(file.resolve()), encoding="utf-8")


def _first(files: list[Path], application: str) -> Described:
    """The application in the first file that describes it: a shell may be in the folder of another one."""
    known: list[str] = []
    for file in files:
        try:
            found = configuration.read_one(file, application)
        except UnknownApplication as error:
            known += error.known
            names = ", ".join(error.known) or "nothing"
            errors.print(f"{application} is not in {file} (it describes {names})", markup=False)
        else:
            errors.print(f"reads {file}", markup=False, highlight=False, soft_wrap=True)
            return found
    raise UnknownApplication(application, known, files=[str(file) for file in files])


def _remembered(home: Home, application: str) -> list[Path]:
    note = home.state / f"{block_name(application)}.source"
    return [Path(note.read_text(encoding="utf-8"))] if note.exists() else []
