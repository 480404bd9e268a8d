"""Keys that are pressed while the grader watches. Without a terminal, or in the background, there are none."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def listen_to_keys(on_key: Callable[[str], None]) -> Iterator[bool]:
    """Call `on_key` with each key, from a thread; gives True if there are keys to listen to."""
    if not _is_ours():
        yield False
        return
    terminal = sys.stdin.fileno()
    settings = termios.tcgetattr(terminal)
    end, ended = os.pipe()
    listener = threading.Thread(target=_listen, args=(terminal, end, on_key), name="read the keys", daemon=True)

    def on_return(number: int, frame: FrameType | None) -> None:
        if _is_ours():  # Ctrl-Z and fg: the shell has had the terminal meanwhile
            tty.setcbreak(terminal)

    before = signal.signal(signal.SIGCONT, on_return)
    try:
        tty.setcbreak(terminal)  # each key at once, and not shown; Ctrl-C stays what it is
        listener.start()
        yield True
    finally:
        os.close(ended)
        listener.join()
        os.close(end)
        signal.signal(signal.SIGCONT, before)
        termios.tcsetattr(terminal, termios.TCSADRAIN, settings)


def _is_ours() -> bool:
    """True if the input is a terminal, and this command may read from it."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def _listen(terminal: int, end: int, on_key: Callable[[str], None]) -> None:
    while True:
        ready, _, _ = select.select([terminal, end], [], [])
        if end in ready:
            return
        try:
            pressed = os.read(terminal, 64)
        except OSError:
            return
        if not pressed:
            return
        for key in pressed.decode(errors="ignore"):
            on_key(key)
