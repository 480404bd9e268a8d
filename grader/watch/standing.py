"""What is known of each step while the learner works, and what is to be graded next."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from grader.challenge import Challenge, Step
from grader.report.words import first_failure
from grader.unfilled import unfilled_functions
from grader.verdict import CheckResult, Outcome, Verdict

Results = tuple[CheckResult, ...]


class Standing:
    """The standing of all steps.

    Attributes:
        known: results by the step's name, as they were found last.
        stale: the steps to grade now, because their files were saved since.
        held: the steps to grade as soon as what they need is green.
        explained: the step whose failure is on the screen.
    """

    def __init__(self, challenge: Challenge, folder: Path) -> None:
        self.challenge, self.folder = challenge, folder
        self.known: dict[str, Results] = {}
        self.stale: set[str] = set()
        self.held: set[str] = set()
        self.explained: str | None = None
        self.forget()

    def forget(self) -> None:
        """Know nothing, and grade everything."""
        self.known, self.held = {}, set()
        self.stale = {step.name for step in self.challenge.steps}

    def note(self, saved: set[str]) -> None:
        """These files were saved."""
        from grader.watch.affected import affected_steps  # imports torch, and the child is started before that

        self.stale |= affected_steps(self.challenge, self.folder, saved)

    def earlier(self) -> dict[str, Results]:
        """Return what is known and still holds."""
        return {name: results for name, results in self.known.items() if name not in self.stale}

    def waiting(self) -> dict[str, Results]:
        """Return a result for each step to grade that needs another one first."""
        found: dict[str, Results] = {}
        for step in self.challenge.steps:
            needed = self._not_green(step)
            if step.name in self.stale and needed is not None:
                found[step.name] = (self._waits(step, needed),)
        return found

    def _waits(self, step: Step, needed: str) -> CheckResult:
        outcome, message = Outcome.NOT_RUN, f"Waits for the step {needed}: its checks must pass first."
        if unfilled_functions(self.folder / step.file):
            outcome, message = Outcome.TODO, f"Still to do: fill the marked place in {step.file}."
        return CheckResult(f"{step.name}.waits", step.name, step.title, outcome, message)

    def hold(self, waiting: dict[str, Results]) -> None:
        """Nothing can be graded now: these wait."""
        self.known = self.earlier() | waiting
        self.held |= waiting.keys()
        self.stale = set()

    def settle(self, verdict: Verdict, waiting: Collection[str]) -> None:
        """All steps are as in this verdict, and these wait."""
        self.known = {step.name: verdict.of_step(step.name) for step in self.challenge.steps}
        self.held = (self.held - self.stale) | set(waiting)
        self.stale = set()
        self.stale = {name for name in self.held if self._not_green(self.challenge.step(name)) is None}
        failure = first_failure(verdict.checks)
        self.explained = failure.step if failure is not None else None

    def _not_green(self, step: Step) -> str | None:
        """Return the first step that this one needs and that is not known to be green; None if all are."""
        return next((name for name in step.needs if not self._is_green(name)), None)

    def _is_green(self, name: str) -> bool:
        results = self.known.get(name, ())
        is_known = bool(results) and name not in self.stale | self.held
        return is_known and all(result.outcome is Outcome.PASSED for result in results)
