"""Loading large libraries without the garbage collector, which would look through all of them again and again.

What is loaded lives as long as the process, so it is set aside for good; in a fork of the process its memory then also
stays shared, see the documentation of Python's `gc.freeze`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
