"""Faults inside a process: imported by Python itself at the start of every process of a stack under test.

A thread reads `<ONESTOP_FAULTS_INSIDE>/<package>.json` again and again:

- `clock_offset`: seconds by which every wall clock of the process is wrong.
- `raise`: how likely a consumer's handler raises, per attempt (0 to 1).

Nothing in the product knows of this file.
"""

import json
import os
import random
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

_LOOK_SECONDS = 0.1
_told: dict[str, Any] = {}


def _package() -> str:
    arguments = sys.orig_argv
    return arguments[arguments.index("-m") + 1] if "-m" in arguments else "none"


def _set_clocks() -> None:
    """Have everybody who asks for the time get it with the offset."""
    from onestop_runtime import clock  # noqa: PLC0415 - before anybody else takes its function

    now, seconds, nanoseconds = clock.now, time.time, time.time_ns  # noqa: TID251 - this is the clock
    clock.now = lambda: now() + timedelta(seconds=_told.get("clock_offset", 0))
    time.time = lambda: seconds() + _told.get("clock_offset", 0)  # noqa: TID251 - the same
    time.time_ns = lambda: nanoseconds() + int(_told.get("clock_offset", 0) * 1e9)


def _let_handlers_raise() -> None:
    inbox = sys.modules.get("onestop_runtime.inbox")
    if inbox is None or hasattr(inbox.Applier, "handles_well"):
        return
    well = inbox.Applier.handles_well = inbox.Applier._handle

    async def handle(self: Any, tx: Any, message: Any) -> None:
        await well(self, tx, message)
        if random.random() < _told.get("raise", 0):  # noqa: S311 - after the effect: it has to be rolled back
            raise RuntimeError("raised by a test")

    inbox.Applier._handle = handle


def _listen(file: Path) -> None:
    seen = -1
    while True:
        try:
            changed = file.stat().st_mtime_ns
            if changed != seen:
                seen = changed
                told = json.loads(file.read_text())
                _told.clear()
                _told.update(told)
                if "raise" in told:
                    _let_handlers_raise()
        except (OSError, ValueError):
            pass
        time.sleep(_LOOK_SECONDS)


if "ONESTOP_FAULTS_INSIDE" in os.environ and _package().startswith(("svc_", "gateway")):
    _set_clocks()
    _file = Path(os.environ["ONESTOP_FAULTS_INSIDE"]) / f"{_package()}.json"
    threading.Thread(target=_listen, args=(_file,), daemon=True).start()
