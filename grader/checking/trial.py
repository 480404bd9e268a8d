"""One check's run: counts the examples that held, and keeps the smallest failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import is_dataclass
from typing import Any

import torch

from grader.checking.display import show
from grader.checking.expect import Mismatch
from grader.clock import awake_seconds
from grader.submission.output import without_control
from grader.submission.problems import LearnerError
from grader.wire import WireIterator, WireTensor

MAX_SHRINKS = 200  # examples tried after the first failure, to find a smaller one
MAX_QUESTIONS = 30  # examples of a check that failed which are asked to find out why
SHRINK_SECONDS = 10.0  # for slow learner code; above it the smallest so far has to do


class EnoughShrinking(BaseException):
    """Ends Hypothesis' search for a smaller counterexample."""


class Trial:
    """What the runner learns about one check while it runs."""

    def __init__(self, before_example: Callable[[], None] = lambda: None, *, smallest: bool = True) -> None:
        """Count from zero.

        Args:
            before_example: called at the start of each example that is drawn.
            smallest: look for the smallest failure; without, the first has to do.
        """
        self.before_example = before_example
        self.max_shrinks = MAX_SHRINKS if smallest else 0
        self.held = 0  # examples that passed
        self.failure: Mismatch | LearnerError | None = None
        self.tried: dict[str, Any] = {}  # what was drawn for `failure`
        self.noted: dict[str, Any] = {}
        self.smallest: tuple[int, Mismatch | LearnerError, dict[str, Any]] | None = None
        self.shrinks = 0
        self.first_failure_at = 0.0  # on the clock of `awake_seconds()`

    def count(self, examples: int = 1) -> None:
        """Count examples of a check that draws none itself."""
        self.held += examples

    def note(self, **values: Any) -> None:
        """Show these values with a failure, besides what was drawn."""
        self.noted.update(values)

    @contextmanager
    def example(self, drawn: dict[str, Any]) -> Iterator[None]:
        """Run one example; remember what was drawn if it fails."""
        self.noted = {}
        self._limit_shrinking()
        self.before_example()
        try:
            yield
        except (Mismatch, LearnerError) as failure:
            self.record(failure, drawn)
            raise
        self.held += 1

    def _limit_shrinking(self) -> None:
        """After enough attempts, settle for the failure that is shortest to write down."""
        if self.smallest is None:
            return
        self.shrinks += 1
        if self.shrinks > self.max_shrinks or awake_seconds() > self.first_failure_at + SHRINK_SECONDS:
            _, self.failure, self.tried = self.smallest
            raise EnoughShrinking

    def record(self, failure: Mismatch | LearnerError, drawn: dict[str, Any]) -> None:
        """Keep a failure. Where Hypothesis comes to an end by itself, the last one is the smallest."""
        self.failure, self.tried = failure, {**drawn, **self.noted}
        size = len(self.counterexample())
        if self.smallest is None:
            self.first_failure_at = awake_seconds()
        if self.smallest is None or size <= self.smallest[0]:
            self.smallest = (size, failure, self.tried)

    def counterexample(self) -> str:
        """Write down what was tried, what was expected and what came back, a line each."""
        lines = [f"{name} = {show(value)}" for name, value in self.tried.items() if _tells_a_learner(name, value)]
        if isinstance(self.failure, Mismatch):
            lines += [f"expected: {self.failure.expected}"] if self.failure.expected else []
            lines += [f"got:      {self.failure.actual}"] if self.failure.actual else []
        return "\n".join(without_control(line).replace("\n", " ") for line in lines)


class Questioning(Trial):
    """A run of a check in which every example is asked, whatever comes of it: to learn what the answers are."""

    def __init__(self, before_example: Callable[[], None]) -> None:
        super().__init__(before_example)
        self.asked = 0

    @contextmanager
    def example(self, drawn: dict[str, Any]) -> Iterator[None]:
        self.asked += 1
        if self.asked > MAX_QUESTIONS:
            raise EnoughShrinking
        self.before_example()
        with suppress(Mismatch, LearnerError):
            yield


def _tells_a_learner(name: str, value: Any) -> bool:
    """False for what only the check understands: a seed, and bundles whose parts are noted one by one."""
    return (
        name != "seed"
        and not (is_dataclass(value) and not isinstance(value, WireTensor | WireIterator))
        and not (isinstance(value, tuple) and any(isinstance(part, torch.Tensor) for part in value))
    )
