"""One child for all submissions of a verification: torch is loaded once, and each submission gets a fresh worker."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.challenge import Challenge, Step
from grader.report.base import Report
from grader.submission.isolation import Isolation
from grader.submission.process import ChildProcess
from grader.verdict import CheckResult, Outcome, SmokeResult

if TYPE_CHECKING:  # these import torch, and the child is started before that
    from grader.diagnosis.diagnosis import Diagnosis
    from grader.submission.remote import Submission

DIAGNOSIS_SECONDS = 120.0  # no learner waits for it here, and a busy machine is no mistake of the course
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", ".*")  # what runs and editors leave in a folder


class _Enough(Exception):
    """Ends a run at its first check that is not passed."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result.id)
        self.result = result


class OneChild:
    """Grades what lies in its own folder, one submission after another."""

    def __init__(self, challenge: Challenge, isolation: Isolation, folder: Path) -> None:
        self.challenge, self.folder = challenge, folder
        self.process = ChildProcess(folder, challenge.limits, isolation)
        self.diagnosis: Diagnosis | None = None

    def start(self) -> None:
        """Start the child, and wait for nothing: torch is loaded here meanwhile."""
        self.process.start()

    def close(self) -> None:
        if self.diagnosis is not None:
            self.diagnosis.close()
        self.process.close()

    def take(self, files: Path, name: str) -> Path:
        """Copy a folder to where the child can see it, in the place of what had this name before."""
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        return Path(shutil.copytree(files, target, ignore=_left_out))

    def results(self, submission: Path) -> tuple[CheckResult, ...]:
        """Run the checks of all steps."""
        from grader.checking.runner import run_checks

        _, results = run_checks(self.challenge, self._submission(submission))
        return results

    def diagnosed(self, submission: Path, step: Step) -> tuple[CheckResult, ...]:
        """Run the checks of one step, and name known mistakes in their results."""
        from grader.checking.runner import run_checks
        from grader.diagnosis.diagnosis import Diagnosis

        if self.diagnosis is None:
            self.diagnosis = Diagnosis(self.challenge, self.process, seconds=DIAGNOSIS_SECONDS)
        _, results = run_checks(_only(step, self.challenge), self._submission(submission), diagnosis=self.diagnosis)
        return results

    @property
    def trouble(self) -> str:
        """What went wrong in the last diagnosis, which may have named too little then; empty if all was well."""
        problem = self.diagnosis.trouble if self.diagnosis is not None else None
        return f"{type(problem).__name__} {problem}".strip() if problem is not None else ""

    def first_not_passed(self, submission: Path, step: Step) -> CheckResult | None:
        """Run the checks of one step up to the first that does not pass; None if all do."""
        from grader.checking.runner import run_checks

        def stop(result: CheckResult) -> None:
            if result.outcome is not Outcome.PASSED:
                raise _Enough(result)

        try:
            run_checks(_only(step, self.challenge), self._submission(submission), on_result=stop, smallest=False)
        except _Enough as end:
            return end.result
        return None

    def smoke_result(self, submission: Path) -> SmokeResult:
        """Run the challenge's smoke test on the packaged texts."""
        from grader.smoke import SmokeOptions, SmokeTest

        return SmokeTest(self.challenge, SmokeOptions()).run(self._submission(submission), Report())

    def _submission(self, folder: Path) -> Submission:
        from grader.submission.remote import Submission

        self.process.end_worker()
        self.process.folder = folder
        return Submission(self.process)


def _left_out(folder: str, names: list[str]) -> set[str]:
    """Return what is not copied: a pipe, say, or a link to nothing, besides what was left behind."""
    paths = {name: os.path.join(folder, name) for name in names}
    copied = {name for name, path in paths.items() if os.path.isfile(path) or os.path.isdir(path)}
    return LEFT_BEHIND(folder, names) | (set(names) - copied)


def _only(step: Step, challenge: Challenge) -> Challenge:
    """Return a challenge of one step, which waits for no other."""
    return replace(challenge, steps=(replace(step, needs=()),))
