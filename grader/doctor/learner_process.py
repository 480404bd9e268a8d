"""The process that runs learner code: can it be kept apart, does it start, has it a simulated accelerator?"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from grader.challenge import Limits
from grader.child.landlock import landlock_version
from grader.doctor.findings import Finding
from grader.errors import UsageError
from grader.submission.isolation import choose_isolation, mend_of
from grader.submission.process import ChildProcess


def examine_isolation(name: str) -> Iterator[Finding]:
    """Try bubblewrap, unless another isolation is asked for."""
    try:
        isolation = choose_isolation(name)
    except UsageError as problem:
        yield Finding("isolation", "bubblewrap does not work", str(problem))
        return
    if isolation.name == "bwrap":
        yield Finding("isolation", "bubblewrap works")
    elif not isolation.reason or sys.platform != "linux":
        why = f" ({isolation.reason})" if isolation.reason else ""
        yield Finding("isolation", f"plain process only{why}")
    else:
        yield Finding("isolation", f"plain process only: {isolation.reason}", mend_of(isolation.reason))
    if sys.platform == "linux":
        yield Finding("fences", _fences())


def _fences() -> str:
    """Say what the kernel has of what holds learner code also where there is no bubblewrap."""
    from grader.child.system_calls import can_refuse  # with a package that may be missing

    version = landlock_version()
    landlock = f"Landlock {version}" if version else "no Landlock, which came with Linux 5.13"
    return f"{landlock}; {'seccomp' if can_refuse() else 'no seccomp'}"


def examine_child(name: str) -> Iterator[Finding]:
    """Start a learner process as a grading does, and ask it what it has."""
    from grader.submission.remote import Submission  # imports torch: if that fails, this is said in the torch line

    with tempfile.TemporaryDirectory(prefix="fine-dropout-") as folder:
        process = ChildProcess(Path(folder), Limits(), choose_isolation(name))
        try:
            started = time.monotonic()
            hello = Submission(process).ask("hello")
            seconds = time.monotonic() - started
        finally:
            process.close()
    yield Finding("learner process", f"starts and answers ({seconds:.1f} s)")
    real = f"; this machine's own: {hello['accelerator']}" if hello.get("accelerator") else ""
    if hello.get("simulated") is True:
        yield Finding("simulated accelerator", f"there{real}")
    else:
        mend = "Install the torch that the grader is tested with: pip install 'torch>=2.13,<2.14'"
        yield Finding("simulated accelerator", f"not there{real}", mend)
