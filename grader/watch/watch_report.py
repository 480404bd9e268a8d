"""The report of one grading among many: what was not graded again is shown as it was found before."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from grader.challenge import Challenge
from grader.report import make_report
from grader.report.base import HintFor, Report
from grader.verdict import STOPPED, CheckResult, Outcome, Verdict
from grader.watch.standing import Results

NO_SMOKE_TEST = "the smoke test, which is still to come"  # why green checks are no full pass


class WatchReport(Report):
    """Hands events on to another report, with the earlier results of the other steps in their places.

    Attributes:
        shown: the verdict on all steps, once the grading is over.
    """

    def __init__(self, inner: Report, challenge: Challenge, earlier: Mapping[str, Results], reason: str) -> None:
        """Prepare to report; `reason` says why it is graded, and `earlier` holds results by the step's name."""
        self.inner, self.challenge, self.earlier, self.reason = inner, challenge, earlier, reason
        self.told: set[str] = set()
        self.shown: Verdict | None = None
        # Handed on as they are; mypy would have a method for each.
        self.smoke_loading = inner.smoke_loading  # type: ignore[method-assign]
        self.smoke_started = inner.smoke_started  # type: ignore[method-assign]
        self.smoke_step = inner.smoke_step  # type: ignore[method-assign]
        self.smoke_evaluated = inner.smoke_evaluated  # type: ignore[method-assign]

    def started(self, challenge: Challenge, folder: str) -> None:
        self.inner.started(self.challenge, f"{folder}, {self.reason}")

    def check_finished(self, result: CheckResult) -> None:
        self._tell_earlier(until=result.step)
        self.inner.check_finished(result)

    def checks_finished(self) -> None:
        self._tell_earlier(until=None)
        self.inner.checks_finished()

    def _tell_earlier(self, until: str | None) -> None:
        for step in self.challenge.steps:
            if step.name == until:
                return
            if step.name not in self.told:
                self.told.add(step.name)
                for result in self.earlier.get(step.name, ()):
                    self.inner.check_finished(result)

    def finished(self, verdict: Verdict, *, curves: Path | None = None) -> None:
        if STOPPED in verdict.left_out:
            self.inner.close()  # it will be graded again, or nobody wants to know
            return
        # What was graded now comes first: if several steps fail, it is the one to explain.
        checks = (*verdict.checks, *(result for results in self.earlier.values() for result in results))
        is_green = all(result.outcome is Outcome.PASSED for result in checks)
        waits_for_smoke = is_green and verdict.smoke is None and self.challenge.smoke_file is not None
        left_out = (NO_SMOKE_TEST,) if waits_for_smoke else ()
        self.shown = replace(verdict, checks=checks, left_out=left_out)
        self.inner.finished(self.shown, curves=curves)

    def close(self) -> None:
        self.inner.close()


def make_inner(hint_for: HintFor) -> Report:
    """Return the report to hand on to; on a terminal, it begins with an empty screen."""
    report = make_report(None, hint_for)
    if sys.stdout.isatty():
        from rich.console import Console

        Console().clear()
    return report
