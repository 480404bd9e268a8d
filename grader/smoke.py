"""The smoke test's place in a run: finds the challenge's own smoke test and turns its end into a `SmokeResult`.

A challenge's `smoke.py` provides `prepare(options, on_progress)`, which loads the data and raises `UsageError` where
it cannot be used, and `run(submission, prepared, watch)`, which trains in the child, tells `watch` of each loss as it
comes, and lets the parent decide. The losses of the result are those that `watch` was told, however the training ended.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any, Protocol

from grader.challenge import Challenge
from grader.checking.expect import Mismatch
from grader.errors import GraderError
from grader.submission.problems import CheckAborted, LearnerError
from grader.submission.remote import Submission
from grader.verdict import Outcome, SmokeResult

OnProgress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class SmokeOptions:
    """What the user chose: `data` is "sample", "fineweb" or a path; `tokenizer` is "packaged" or "gpt2"."""

    data: str = "sample"
    tokenizer: str = "packaged"
    seed: int = 0


class SmokeWatcher(Protocol):
    """Is told how the smoke test goes on."""

    def smoke_started(self, steps: int) -> None: ...

    def smoke_step(self, step: int, train_loss: float) -> None: ...

    def smoke_evaluated(self, step: int, test_loss: float) -> None: ...


class _LossRecord:
    """Keeps the losses that it is told, and tells them to another watcher."""

    def __init__(self, watch: SmokeWatcher) -> None:
        self.watch = watch
        self.train_loss: list[float] = []
        self.test_loss: list[tuple[int, float]] = []

    def smoke_started(self, steps: int) -> None:
        self.watch.smoke_started(steps)

    def smoke_step(self, step: int, train_loss: float) -> None:
        self.train_loss.append(train_loss)
        self.watch.smoke_step(step, train_loss)

    def smoke_evaluated(self, step: int, test_loss: float) -> None:
        self.test_loss.append((step, test_loss))
        self.watch.smoke_evaluated(step, test_loss)


class SmokeTest:
    """The smoke test of one challenge on some data."""

    def __init__(self, challenge: Challenge, options: SmokeOptions) -> None:
        self.challenge = challenge
        self.options = options
        self.module: Any = None
        self.prepared: Any = None

    def prepare(self, on_progress: OnProgress = lambda read, total: None) -> None:
        """Load the data, once.

        Args:
            on_progress: told how many documents are read, and of how many, where that is known.
        Raises:
            UsageError: it cannot be used.
        """
        if self.prepared is None:
            self.module = _load(self.challenge)
            self.prepared = self.module.prepare(self.options, on_progress)

    def run(self, submission: Submission, watch: SmokeWatcher) -> SmokeResult:
        """Train and judge; whatever the learner's code does ends up in the result."""
        self.prepare()
        submission.begin_step()
        submission.begin_check()
        submission.check_ends = submission.step_ends = submission.run_ends  # the limits of a call and of the run hold
        started, record = time.monotonic(), _LossRecord(watch)
        try:
            result: SmokeResult = self.module.run(submission, self.prepared, record)
        except (LearnerError, CheckAborted) as end:
            result = SmokeResult(end.outcome, end.message, location=end.location, origin=end.origin)
        except Mismatch as end:
            result = SmokeResult(Outcome.FAILED, _with_values(end))
        return replace(
            result,
            steps=len(record.train_loss),
            train_loss=tuple(record.train_loss),
            test_loss=tuple(record.test_loss),
            seconds=time.monotonic() - started,
            output=submission.process.take_output() if result.outcome is not Outcome.PASSED else "",
        )


def _with_values(end: Mismatch) -> str:
    values = [f"expected {end.expected}"] if end.expected else []
    values += [f"got {end.actual}"] if end.actual else []
    return f"{end.message} ({', '.join(values)})" if values else end.message


def _load(challenge: Challenge) -> ModuleType:
    path = challenge.smoke_file
    if path is None:
        raise GraderError(f"{challenge.name} has no smoke test")
    spec = importlib.util.spec_from_file_location(f"{challenge.name}_smoke", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module
