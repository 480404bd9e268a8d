"""What a report is told while a run goes on. The base class does nothing with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from grader.challenge import Challenge
from grader.verdict import CheckResult, Verdict

# A step's name, and the hint that fits its failure if a mistake was named, to the text that the failure shows.
HintFor = Callable[[str, str], str]


class Report:
    """Receives the events of one run, in order."""

    def started(self, challenge: Challenge, folder: str) -> None:
        """The run begins; `folder` says what is graded."""

    def check_finished(self, result: CheckResult) -> None:
        """One check has its result."""

    def checks_finished(self) -> None:
        """All checks that were asked for have their results."""

    def smoke_loading(self, documents: int = 0, total: int | None = None) -> None:
        """The smoke test loads its data: so many documents so far, of a total where that is known."""

    def smoke_started(self, steps: int) -> None:
        """The smoke test begins to train."""

    def smoke_step(self, step: int, train_loss: float) -> None:
        """One training step is done; loss in nats."""

    def smoke_evaluated(self, step: int, test_loss: float) -> None:
        """The test loss after so many steps, in nats."""

    def finished(self, verdict: Verdict, *, curves: Path | None = None) -> None:
        """The run is over; `curves` is where the image of the losses lies."""

    def close(self) -> None:
        """Nothing more comes, however the run ended: put the terminal back as it was. May be called twice."""
