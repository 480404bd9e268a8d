"""What Ctrl-C does: it ends the run once, and not in the middle of what must not be broken off."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Those that `grader.command` turns into a KeyboardInterrupt.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGALRM")
INTERRUPTS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
ONE_KEY_SECONDS = 1.0  # in which the end has begun that the first key asked for, and is as a rule over
_pressed = -math.inf  # when a key last had its effect, on the clock of `time.monotonic()`


def interrupt(number: int, frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt; a handler of signals.

    A second key within a second means the same as the first. Raised again, it could break off the very cleaning up.
    """
    global _pressed
    now = time.monotonic()
    if now - _pressed >= ONE_KEY_SECONDS:
        _pressed = now
        raise KeyboardInterrupt


def raise_what_was_lost() -> None:
    """Raise KeyboardInterrupt if one was raised before, and has ended nothing."""
    if _pressed > -math.inf:
        raise KeyboardInterrupt


@contextmanager
def no_key_lost() -> Iterator[None]:
    """Let a KeyboardInterrupt come out as one, whatever has become of it on its way.

    Python raises it wherever the program happens to be. C code that imports swallows it, and Hypothesis, where it has
    not quite begun, fails with another exception.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException:
        raise_what_was_lost()
        raise
    raise_what_was_lost()


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
