"""A child whose grading can be broken off in the middle, because its files have been saved again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from grader.challenge import Limits
from grader.submission.isolation import Isolation
from grader.submission.process import ChildProcess


class OutOfDate(KeyboardInterrupt):
    """What is graded is not what the learner has any more. Ends a run by the way on which Ctrl-C ends it."""


class InterruptibleChild(ChildProcess):
    """Raises `OutOfDate` from a request to the worker, which must be ended then. The nursery goes on."""

    def __init__(self, folder: Path, limits: Limits, isolation: Isolation, is_out_of_date: Callable[[], bool]) -> None:
        super().__init__(folder, limits, isolation)
        self.is_out_of_date = is_out_of_date

    def exchange(self, frame: bytes, deadline: float) -> tuple[bytes, bytes]:
        self._end_if_out_of_date()
        return super().exchange(frame, deadline)

    def look_around(self) -> None:
        self._end_if_out_of_date()
        super().look_around()

    def _end_if_out_of_date(self) -> None:
        if self.is_out_of_date():
            raise OutOfDate
