"""Puts Ctrl-C off while something is done that must not be broken off in the middle."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGALRM")  # those that `grader.command` turns into a KeyboardInterrupt
INTERRUPTS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Do what is inside to its end; a signal that came meanwhile has its effect after that.

    Only the main thread has to do with signals; in another one nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    ours = [number for number in INTERRUPTS if callable(signal.getsignal(number))]  # not what is ignored
    before = {number: signal.signal(number, lambda number, frame: arrived.append(number)) for number in ours}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])
