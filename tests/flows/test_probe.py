import sys
from pathlib import Path
import pytest
from flows.path import take_back, take_back_now
from tests.flows.killing import Runs
from tests.flows.stage import ONLY_BLUE_PASSES

@pytest.mark.parametrize("name", ["ok", "bad", "now"])
def test_probe(stage, tmp_path, name):
    scene = stage.scene(tmp_path, **({"checks": ONLY_BLUE_PASSES} if name == "bad" else {}))
    import time
    t = time.time()
    runs = Runs(scene, take_back_now if name == "now" else take_back, tmp_path)
    runs.start()
    print(name, time.time() - t, stage.serving(), scene.incident().outcome)
    print("\n".join(runs.points()))
