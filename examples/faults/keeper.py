"""The process that keeps one fault: `python -m examples.faults.keeper FILE`. Whoever started it may be killed."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from blocks.process import find
from domain.errors import BackoutError
from examples.faults.injection import SIGNALS, Injected, keep, read


def main(file: Path) -> None:
    """Inject what the file says, wait until its deadline or a signal, undo it, remove the file."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    injected = read(file)
    if injected is None:
        return
    begun = {"keeper": find(os.getpid()), "until": time.time() + injected.seconds}
    injected = injected.model_copy(update=begun)
    keep(file, injected)
    try:
        error = _hold(file, injected)
    finally:
        injected.aimed().undo(injected.fault)
    if error is None:
        file.unlink(missing_ok=True)
    else:
        keep(file, injected.model_copy(update={"error": error}))


def _hold(file: Path, injected: Injected) -> str | None:
    """The fault shows inside; why it could not, where it could not."""
    try:
        with injected.aimed().inject(injected.fault, injected.until):
            keep(file, injected.model_copy(update={"shows": True}))
            print(f"{injected.target} has {injected.fault}", flush=True)
            left = injected.until - time.time()
            signal.sigtimedwait(SIGNALS, max(0.0, left))
    except BackoutError as error:
        return error.what()
    except Exception as error:  # noqa: BLE001 - whatever it is, who injects must be told
        return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
