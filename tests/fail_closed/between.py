"""A man in the middle: a real child whose true replies pass through a function of the test before they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from grader.challenge import Challenge
from grader.checking.runner import run_checks
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from grader.verdict import CheckResult
from grader.wire import unpack
from tests.child.test_wire import parts
from tests.fail_closed.perturbing import Reply


@dataclass(frozen=True)
class Passing:
    """A reply on its way: the how-many-th (from 0) of the how-many-th check (from 0), and what was asked last."""

    check: int
    number: int
    asked: str
    reply: Reply
    before: Reply  # the one before it


Change = Callable[[Passing], Reply]


def as_it_is(passing: Passing) -> Reply:
    return passing.reply


class Between(ChildProcess):
    """A child and the man in the middle."""

    def __init__(self, folder: Path, challenge: Challenge) -> None:
        super().__init__(folder, challenge.limits)
        # No step waits for another, so that a check that fails leaves all the others to compare.
        self.challenge = replace(challenge, steps=tuple(replace(step, needs=()) for step in challenge.steps))
        self.change: Change = as_it_is
        self.check, self.number, self.before = -1, 0, (b"", b"")

    def run_checks(self, change: Change) -> tuple[CheckResult, ...]:
        """Run all checks with this change of the replies; the results, without the time that they took."""
        self.end_worker()
        self.change, self.check, self.before = change, -1, (b"", b"")
        _, results = run_checks(self.challenge, Submission(self))
        return tuple(replace(result, seconds=0.0) for result in results)

    def begin_check(self) -> None:
        super().begin_check()
        self.check, self.number = self.check + 1, 0

    def exchange(self, frame: bytes, deadline: float) -> Reply:
        reply = super().exchange(frame, deadline)
        asked = unpack(*parts(frame))["requests"][-1]["do"]
        passing = Passing(self.check, self.number, asked, reply, self.before)
        self.number, self.before = self.number + 1, reply
        return self.change(passing)


@contextmanager
def child_between(folder: Path, challenge: Challenge) -> Iterator[Between]:
    child = Between(folder, challenge)
    try:
        yield child
    finally:
        child.close()
