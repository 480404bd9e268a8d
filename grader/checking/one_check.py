"""Runs one check in the parent, and turns what happens into a `CheckResult`."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

import hypothesis
import pytest
from hypothesis.errors import Flaky

from grader.checking.expect import Mismatch
from grader.checking.trial import EnoughShrinking, Questioning, Trial
from grader.clock import awake_seconds
from grader.diagnosis.recording import Recording
from grader.errors import GraderError
from grader.submission.problems import CheckAborted, LearnerError
from grader.submission.remote import Submission
from grader.verdict import CheckResult, Outcome


@dataclass(frozen=True)
class _End:
    """How a check ended; the fields are those of `CheckResult`."""

    outcome: Outcome
    message: str = ""
    location: str | None = None
    origin: str | None = None


class OneCheck:
    """A check as pytest found it, with the arguments that its fixtures gave it."""

    def __init__(self, item: pytest.Function, submission: Submission, *, seed: int) -> None:
        self.submission, self.seed = submission, seed
        self.function: Any = item.obj
        self.arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
        self.takes_trial = "trial" in item.fixturenames
        self.is_drawn = hasattr(item.obj, "hypothesis")
        self.step, self.id, self.title = step_name(item), check_id(item), title(item)

    def run(self, recording: Recording | None, *, smallest: bool) -> CheckResult:
        """Run it on the submission.

        Args:
            recording: where to keep what it asks and what the answers are.
            smallest: look for the smallest failure; without, the first has to do.
        """
        trial = Trial(before_example=lambda: self._begin_example(trial, recording), smallest=smallest)
        self.submission.begin_check()
        if recording is not None:
            recording.begin_check(self.id, self.function.checks)
        started = time.monotonic()
        end = self._call(trial)
        if recording is not None:
            recording.end_check(whole=trial.failure is None or not self.is_drawn)
        counterexample = trial.counterexample() if end.outcome in (Outcome.FAILED, Outcome.ERROR) else ""
        location = end.location
        if end.outcome is Outcome.FAILED and location is None:
            location = self.submission.function(*self.function.checks).location()
        return CheckResult(
            id=self.id,
            step=self.step,
            title=self.title,
            outcome=end.outcome,
            message=end.message,
            counterexample=counterexample,
            location=location,
            origin=end.origin,
            examples=trial.held,
            seconds=time.monotonic() - started,
            output=self.submission.process.take_output() if end.outcome is not Outcome.PASSED else "",
        )

    def question(self, recording: Recording, *, seconds: float) -> None:
        """Ask the examples of a check that failed, also those after the failure, and record the answers only.

        Args:
            seconds: for all of them; what takes longer is recorded as not whole.
        """
        if not self.is_drawn:
            return
        self.submission.begin_step()
        self.submission.begin_check()
        self.submission.check_ends = awake_seconds() + seconds
        recording.begin_check(self.id, self.function.checks)
        trial = Questioning(before_example=lambda: self._begin_example(trial, recording))
        try:
            self._examine(trial)
        except EnoughShrinking:
            pass
        except (CheckAborted, GraderError, Exception):
            recording.end_check(whole=False)
            return
        recording.end_check(whole=True)

    def _begin_example(self, trial: Trial, recording: Recording | None) -> None:
        if recording is not None:
            if trial.failure is None:
                recording.begin_example()
            else:  # attempts to find a smaller example tell nothing new
                recording.end_check(whole=False)
        self.submission.seed_generators()

    def _examine(self, trial: Trial) -> None:
        arguments = {**self.arguments, "trial": trial} if self.takes_trial else self.arguments
        if self.is_drawn:
            hypothesis.seed(self._draw_seed())(self.function)
        self.function(**arguments)

    def _call(self, trial: Trial) -> _End:
        """Call the check and say what its end means."""
        required = self.function.required_examples
        try:
            self._examine(trial)
        except CheckAborted as end:
            if trial.failure is not None:  # the search for a smaller counterexample ran into a limit
                return _failure(trial, end)
            return _End(end.outcome, end.message, end.location, end.origin)
        except (Mismatch, LearnerError, EnoughShrinking, Flaky, BaseExceptionGroup) as end:
            if isinstance(end, Mismatch | LearnerError) and trial.failure is None:
                trial.record(end, {})
            return _failure(trial, end)
        if required == 1 and not self.is_drawn:
            trial.count()
        if trial.held < required:
            raise GraderError(f"the check {self.id} is broken: only {trial.held} of {required} examples were run")
        return _End(Outcome.PASSED)

    def _draw_seed(self) -> int:
        """Draw different examples for each check and for each `--seed`, the same ones every time."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{self.id}".encode()).digest()[:8], "big")


def _failure(trial: Trial, end: BaseException) -> _End:
    failure = trial.failure
    if failure is None:  # nothing of the learner's: a broken check, or Hypothesis is
        raise end
    if isinstance(failure, LearnerError):
        return _End(Outcome.ERROR, failure.message, failure.location, failure.origin)
    return _End(Outcome.FAILED, failure.message)


def step_name(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


def check_id(item: pytest.Item) -> str:
    return f"{step_name(item)}.{item.name.removeprefix('test_')}"


def title(item: pytest.Function) -> str:
    return " ".join((item.obj.__doc__ or "").split()).rstrip(".")
