"""Keys that are pressed while the grader watches. Without a terminal, or in the background, there are none."""

from __future__ import annotations

import os
import select
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LOOK_SECONDS = 0.2  # how soon after `fg` the keys are ours again
LOCAL_MODES = 3  # where they stand in what termios.tcgetattr returns


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
    try:
        _give_each_key_at_once(terminal)
        listener.start()
        yield True
    finally:
        os.close(ended)
        listener.join()
        os.close(end)
        if _is_ours():  # in the background the shell has set it as it needs it
            termios.tcsetattr(terminal, termios.TCSADRAIN, settings)


def _is_ours() -> bool:
    """True if the input is a terminal, and this command may read from it."""
    try:
        return sys.stdin.isatty() and os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False


def _give_each_key_at_once(terminal: int) -> None:
    """Have each key given at once, and not shown; Ctrl-C stays what it is."""
    if termios.tcgetattr(terminal)[LOCAL_MODES] & (termios.ICANON | termios.ECHO):
        tty.setcbreak(terminal, termios.TCSANOW)  # keys that were pressed before count


def _listen(terminal: int, end: int, on_key: Callable[[str], None]) -> None:
    """Read the keys while the terminal is ours, and set it again once the shell has had it (Ctrl-Z and `fg`).

    In the background this may neither read from it nor set it: the system would stop the command for that.
    """
    while True:
        ready, _, _ = select.select([terminal, end] if _is_ours() else [end], [], [], LOOK_SECONDS)
        if end in ready:
            return
        if not _is_ours():
            continue
        try:
            _give_each_key_at_once(terminal)
            pressed = os.read(terminal, 64) if terminal in ready else None
        except (OSError, termios.error):
            return
        if pressed is None:
            continue
        if not pressed:
            return
        for key in pressed.decode(errors="ignore"):
            on_key(key)
