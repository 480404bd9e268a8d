"""What the user's environment says that would break a run: it is meant for other programs, or makes no sense.

And what is said to our own libraries through it, before they are loaded.
"""

from __future__ import annotations

import os

# TORCH_LOGS: torch stops at a word in it that it does not know, and writes into the report for one that it knows.
# PYTEST_DEBUG: has pytest write of each of its steps.
FOR_OTHERS = ("TORCH_LOGS", "PYTEST_DEBUG")
SIZES = ("COLUMNS", "LINES")  # of the terminal
LARGEST = 1000  # of either, in characters; there is no such screen, and lines would be filled with spaces
# numpy's OpenBLAS starts a thread for each core as it is loaded. Where it may not, it sends SIGINT to its own process,
# which would be taken for Ctrl-C; and one core is all that a run uses.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}


def forget_what_breaks_a_run() -> None:
    """Take out of the environment what is meant for others, and sizes that no terminal has: it is asked for its own."""
    for name in FOR_OTHERS:
        os.environ.pop(name, None)
    for name in SIZES:
        if name in os.environ and not _is_size(os.environ[name]):
            del os.environ[name]


def start_no_needless_threads() -> None:
    """Tell the libraries; to be called before any of them is loaded."""
    os.environ.update(ONE_THREAD)


def _is_size(text: str) -> bool:
    try:
        return 1 <= int(text) <= LARGEST
    except ValueError:
        return False
