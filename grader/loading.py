"""Loading large libraries: without the garbage collector, and so that Ctrl-C can do no harm.

The collector would look through all that is loaded again and again. What is loaded lives as long as the process, so it
is set aside for good; in a fork of the process its memory then also stays shared, see the documentation of Python's
`gc.freeze`.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SIGNAL_SECONDS = 0.1  # in which a signal is noticed that the system gave to another thread


@contextmanager
def loading() -> Iterator[None]:
    """Collect nothing meanwhile, and afterwards nothing of what was there by then; only the first time in a process."""
    if gc.get_freeze_count():  # the libraries are there: what has come since may become garbage
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def load(*names: str) -> None:
    """Import modules that import torch, in a thread of their own.

    A KeyboardInterrupt is raised in the main thread, and so out of the waiting here. Raised within the C++ code of
    torch that imports Python modules, it would abort the process.
    """
    if all(name in sys.modules for name in names):
        return
    problems: list[BaseException] = []

    def import_all() -> None:
        try:
            with loading(), _away_from_here():
                for name in names:
                    importlib.import_module(name)
        except BaseException as problem:
            problems.append(problem)
        finally:
            done.set()

    done = threading.Event()
    threading.Thread(target=import_all, name="load", daemon=True).start()
    while not done.wait(SIGNAL_SECONDS):
        pass
    if problems:
        raise problems[0]


@contextmanager
def _away_from_here() -> Iterator[None]:
    """Stand in "/": some libraries cannot be loaded where the current folder is removed meanwhile."""
    try:
        here = os.open(".", os.O_RDONLY)
    except OSError:  # it may not be read
        yield
        return
    os.chdir("/")
    try:
        yield
    finally:
        os.fchdir(here)  # also where it is removed by now
        os.close(here)
