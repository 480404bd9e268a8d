"""Examines one thing after the other, and prints a line for each as soon as it is known."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from grader.doctor.findings import Finding
from grader.errors import GraderError
from grader.submission.problems import CheckAborted

Examiner = Callable[[], Iterator[Finding]]


def examine(isolation: str, *, start: Path) -> bool:
    """Print what is in order and what is not; True if all is.

    Args:
        isolation: which one to try, "auto", "bwrap" or "process".
    """
    from grader.doctor import data, learner_process, packages, terminal

    troubles = _print("packages", packages.examine_packages)
    torch_troubles = _print("torch", packages.examine_torch)
    troubles += torch_troubles
    troubles += _print("isolation", lambda: learner_process.examine_isolation(isolation))
    if not torch_troubles:  # a broken one could end this process as well
        troubles += _print("learner process", lambda: learner_process.examine_child(isolation))
    troubles += _print("data", lambda: data.examine_data(start))
    troubles += _print("terminal", terminal.examine_terminal)
    print(f"\nNot in order: {troubles}. Each ✗ says what to do." if troubles else "\nEverything is in order.")
    return not troubles


def _print(what: str, examiner: Examiner) -> int:
    """Print what is found; return how much of it is not in order."""
    troubles = 0
    for finding in _safely(what, examiner):
        mark = "✓" if finding.is_in_order else "✗"
        print(_wrapped(f"{mark} {finding.what}: {finding.state}", indent=""))
        if not finding.is_in_order:
            troubles += 1
            print(_wrapped(finding.mend, indent="    "), flush=True)
    return troubles


def _safely(what: str, examiner: Examiner) -> Iterator[Finding]:
    """Examine; what cannot even be examined is not in order."""
    try:
        yield from examiner()
    except ImportError as problem:
        yield Finding(what, f"not examined ({problem})", "Install what is missing; see the lines above.")
    except (Exception, CheckAborted, GraderError) as problem:  # whatever is broken, the other lines are of use
        text = " ".join(str(problem).split())[-300:]
        yield Finding(what, f"does not work ({type(problem).__name__}: {text})", "See the lines above first.")


def _wrapped(text: str, *, indent: str) -> str:
    width = min(80, max(30, shutil.get_terminal_size().columns))
    later = indent + "  "
    return textwrap.fill(
        text, width, initial_indent=indent, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )
