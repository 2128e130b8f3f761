import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import SESSION_HOME

ASK_PREFECT = "from prefect.settings import get_current_settings as now; print(now().api.url, now().home)"


def test_home_is_the_sessions_own() -> None:
    assert Path.home() == SESSION_HOME
    assert Path(os.environ["BACKOUT_HOME"]).parent == SESSION_HOME


def test_prefect_uses_no_server_and_no_profile_of_the_user(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", ASK_PREFECT], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["None", str(SESSION_HOME / ".prefect")]
