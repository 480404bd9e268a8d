"""What the system's own limits let through: too many processes, too much memory, too many files in all of them."""

from __future__ import annotations

import time
from pathlib import Path

from grader.challenge import Limits
from grader.child.descendants import descendants
from grader.submission.isolation import Isolation
from grader.submission.memory import take_more_than
from grader.submission.written import too_much_written

LOOK_SECONDS = 0.1  # from one look at the learner's processes and files to the next
TORCH_BYTES = 512 * 1024**2  # more than Python and torch take by themselves


class TooManyProcesses(Exception):
    """Learner code runs more processes at once than it may."""


class TooMuchMemory(Exception):
    """The processes of learner code take more memory together than one of them may."""


class TooMuchWritten(Exception):
    """Learner code has written more than it may; the text says which bound it has passed."""


class OverrunWatch:
    """Looks at the learner's processes and files now and then.

    The system's limit on processes exempts root's, and counts threads; its limit on memory looks at each process alone,
    and leaves out what is shared; its limit on files, too, looks at each alone.
    """

    def __init__(self, isolation: Isolation, scratch: Path) -> None:
        self.isolation = isolation
        self.scratch = scratch
        self.looked = 0.0  # when, on the clock of `time.monotonic()`

    def look(self, nursery: int, limits: Limits) -> None:
        """Look at what descends from this process, unless the last look was a moment ago.

        Raises:
            TooManyProcesses, TooMuchMemory, TooMuchWritten: see there.
        """
        if time.monotonic() < self.looked + LOOK_SECONDS:
            return
        ours = 3 if self.isolation.program else 1  # the worker; bubblewrap's own two processes, of which one is known
        processes = descendants(nursery)
        if len(processes) - ours > limits.processes:
            raise TooManyProcesses
        if take_more_than(limits.memory_bytes + TORCH_BYTES, processes):
            raise TooMuchMemory
        if written := self._too_much_written(processes, limits):
            raise TooMuchWritten(written)
        self.looked = time.monotonic()  # after the look, so that most of the time is for something else

    def _too_much_written(self, processes: set[int], limits: Limits) -> str:
        if not self.isolation.program:
            return too_much_written(limits, [self.scratch], processes)
        if not processes:
            return ""
        # All of them are inside, and the first one is bubblewrap's own. What is in memory has its bound there.
        folders = self.isolation.writable(self.scratch)
        return too_much_written(limits, [self.isolation.seen_from_outside(f, min(processes)) for f in folders])
