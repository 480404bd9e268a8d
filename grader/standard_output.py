"""Standard output may be closed, full, or in an encoding that lacks characters: none of it is a fault of the grader."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from grader.errors import UsageError


def open_what_is_closed() -> None:
    """Let standard streams that the command was started without (`grade ... >&-`) lead nowhere.

    Python has None for them; and a file that is opened later must not take their place.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for as long as the process lasts


def say_what_cannot_be_written() -> None:
    """Let whatever is printed from now on raise `UsageError` where standard output does not take it: a full disk."""
    old = sys.stdout
    if isinstance(old, io.TextIOWrapper):
        encoding, line, through = old.encoding, old.line_buffering, old.write_through
        new = _Output(old.detach(), encoding, line_buffering=line, write_through=through)
        sys.stdout = sys.__stdout__ = new  # type: ignore[misc]  # the second is asked for the terminal's width


def print_what_can_be_printed() -> None:
    """Put a question mark where the output's encoding lacks a character: half a surrogate of the learner's, or a ✓."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


class _Output(io.TextIOWrapper):
    def write(self, text: str) -> int:
        with _said():
            return super().write(text)

    def flush(self) -> None:
        with _said():
            super().flush()


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # nobody reads on, which is nothing to complain of
        raise
    except OSError as problem:
        mend = "Make room for it, or send it elsewhere."
        raise UsageError(f"The output cannot be written ({problem.strerror}). {mend}") from problem
