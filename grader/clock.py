"""The clock of all limits: it goes on while this process runs, and stands still while it is stopped (Ctrl-Z and `fg`).

No clock of the system does that. But who lets a stopped process go on sends it SIGCONT, and whoever keeps a limit looks
at the clock again and again: what has passed since the last look is then what was slept. Nothing that learner code does
takes part in it, unless it could send us a signal, and with that it could stop us for good as well.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from types import FrameType

LEAST_STOP = 1.0  # seconds; SIGCONT after less than that was sent to a process that ran, or to one that has lost little
_looked = time.monotonic()  # when the clock was last looked at
_stopped = 0.0  # seconds in all


def awake_seconds() -> float:
    """Return the seconds of `time.monotonic()`, less those for which this process was stopped."""
    global _looked
    now, stopped = 0.0, math.nan
    while stopped != _stopped:  # once more if it was stopped between these two
        stopped, now = _stopped, time.monotonic()
    _looked = now
    return now - stopped


def stand_still_while_stopped() -> None:
    """Let the clock stand still from now on while this process is stopped; only the main thread can see to it."""
    if hasattr(signal, "SIGCONT") and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCONT, _go_on)


def _go_on(number: int, frame: FrameType | None) -> None:
    global _looked, _stopped
    now = time.monotonic()
    if now - _looked >= LEAST_STOP:
        _stopped += now - _looked
    _looked = now
