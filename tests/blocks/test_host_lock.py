import os
import subprocess
import sys
from pathlib import Path

import pytest

from blocks.home import Home
from blocks.host_lock import host_lock
from domain.errors import Busy

HOLDER = """
import sys
from pathlib import Path
from blocks.home import Home
from blocks.host_lock import host_lock
with host_lock(Home(Path(sys.argv[1])), "shop/production"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_whoever_keeps_the_turn_is_named_and_its_end_frees_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").ensure()
    argv = [sys.executable, "-c", HOLDER, str(home.root)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy) as busy, host_lock(home, "shop/production", timeout_s=0):
            pass
        assert busy.value.retryable
        assert busy.value.holder == str(holder.pid)
        with host_lock(home, "shop/staging", timeout_s=0):
            pass
        holder.kill()
    with host_lock(home, "shop/production", timeout_s=0):
        noted = (home.state / "shop--production.turn").read_text()
    assert noted == str(os.getpid())
