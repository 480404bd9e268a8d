"""What the tests of the diagnosis share: one child for all submissions, and one for the mistakes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.challenge import Challenge, load_challenge
from grader.checking import runner
from grader.diagnosis.diagnosis import Diagnosis
from grader.submission.remote import Submission
from grader.verdict import CheckResult, Outcome
from tests.submissions import SharedChild


class Diagnosed:
    """Grades one step of one submission after the other, with the diagnosis."""

    def __init__(self, child: SharedChild) -> None:
        self.child = child
        self.diagnosis = Diagnosis(child.challenge, child.process, seconds=600.0)

    def results(self, folder: Path, *steps: str) -> list[CheckResult]:
        """Return the results of the checks of these steps."""
        self.child.process.end_worker()
        self.child.process.folder = folder.resolve()
        _, results = runner.run_checks(
            self.child.challenge,
            Submission(self.child.process),
            only=frozenset(steps),
            diagnosis=self.diagnosis,
            smallest=False,
        )
        assert self.diagnosis.trouble is None, repr(self.diagnosis.trouble)
        return list(results)

    def names(self, folder: Path, step: str) -> set[str | None]:
        """Return the mistakes that are named for the checks that do not pass; there is at least one such check."""
        wrong = [result for result in self.results(folder, step) if result.outcome is not Outcome.PASSED]
        assert wrong
        return {result.mistake for result in wrong}


@pytest.fixture(scope="session")
def challenge() -> Challenge:
    return load_challenge("challenge5")


@pytest.fixture(scope="session")
def diagnosed() -> Iterator[Diagnosed]:
    """Takes the time that it needs: what is tested is what is named, on however busy a machine."""
    child = SharedChild()
    shared = Diagnosed(child)
    yield shared
    shared.diagnosis.close()
    child.close()
