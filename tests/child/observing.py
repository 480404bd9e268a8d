"""What the tests look at from outside: the processes that are left, and how a call ends."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from grader.child.descendants import has_in_environment
from grader.submission.problems import CheckAborted, LearnerError
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission

End = LearnerError | CheckAborted
FINDS_THE_CHANNEL = """
import os, stat, struct

def channel():
    for descriptor in range(3, 100):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                return descriptor
        except OSError:
            pass

def forge(text, body=b""):
    return struct.pack("!II", len(text), len(body)) + text + body
"""


def end_of(submission: Submission, name: str = "run", *args: Any) -> End:
    """Call a function of `code.py` that must not come back; how it ended."""
    with pytest.raises((LearnerError, CheckAborted)) as caught:
        submission.function("code", name)(*args)
    return caught.value


def call(submission: Submission, name: str = "run", *args: Any) -> Any:
    return submission.function("code", name)(*args)


def still_works(submission: Submission) -> bool:
    """True if the next check gets its answer (every `code.py` of these tests can define `fine`)."""
    submission.begin_check()
    return call(submission, "fine") == "fine"


def living(process: ChildProcess) -> set[int]:
    """The processes of this child that are alive: all have its scratch folder as their home."""
    numbers = (int(entry.name) for entry in Path("/proc").glob("[0-9]*"))
    return {number for number in numbers if has_in_environment(number, f"HOME={process.scratch}") and alive(number)}


def learner_processes(process: ChildProcess) -> set[int]:
    """The living processes of this child besides the nursery, if there is one just now."""
    return living(process) - standing(process)


def standing(process: ChildProcess) -> set[int]:
    """The nursery, and bubblewrap's two processes around it."""
    if process.nursery is None:
        return set()
    chain = [process.nursery.pid]
    for _ in range(2 if process.isolation.program else 0):
        # The oldest child: orphans of a worker have found a new parent later.
        chain.append(min((int(number) for number in _children(chain[-1])), default=0))
    return set(chain)


def _children(number: int) -> list[str]:
    try:
        return Path(f"/proc/{number}/task/{number}/children").read_text().split()
    except OSError:
        return []


def described(numbers: set[int]) -> list[str]:
    """What /proc says of these processes, for the message of a failing test."""
    lines = []
    for number in numbers:
        try:
            lines.append(Path(f"/proc/{number}/stat").read_text(errors="replace")[:80])
        except OSError:
            lines.append(f"{number} is gone by now")
    return lines


def alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        return state != "Z" or len(os.listdir(f"/proc/{number}/task")) > 1
    except OSError:
        return False


def nursery_of(process: ChildProcess) -> int:
    assert process.nursery is not None
    return process.nursery.pid


def wait_until(condition: Any, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
