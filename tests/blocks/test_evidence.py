import stat
from pathlib import Path

from blocks.evidence import Evidence
from domain.incident import Incident
from tests.blocks.incidents import APPLICATION, request

INCIDENT = Incident(id="incident-1", application=APPLICATION, request=request())


def test_what_is_kept_on_disk_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    evidence = Evidence(str(tmp_path / "all" / "evidence"), INCIDENT)
    evidence.keep("logs/blue.log", "a line")
    evidence.keep("report.md", b"# Report")
    kept = sorted((tmp_path / "all" / "evidence").rglob("*"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in kept}
    assert modes == {
        "shop--production": 0o700,
        "incident-1": 0o700,
        "logs": 0o700,
        "blue.log": 0o600,
        "report.md": 0o600,
    }
    assert stat.S_IMODE((tmp_path / "all" / "evidence").stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert evidence.has("report.md")
    assert not evidence.has("plan.json")


def test_a_place_that_is_no_disk_keeps_it_too() -> None:
    evidence = Evidence("memory://evidence", INCIDENT)
    evidence.keep("report.md", "# Report")
    assert evidence.has("report.md")
