"""The report for pipes, logs and narrow windows: plain lines, no colours, nothing that is overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TextIO

from grader.challenge import Challenge
from grader.report import words
from grader.report.base import HintFor, Report
from grader.report.wrapping import wrap
from grader.text import printable, printable_lines
from grader.verdict import CheckResult, Outcome, SmokeResult, Verdict

LABEL_WIDTH = 10
DOCUMENTS_A_LINE = 500  # while texts are loaded


class PlainReport(Report):
    def __init__(self, stream: TextIO, hint_for: HintFor) -> None:
        self.stream, self.hint_for = stream, hint_for
        self.width = min(80, max(30, shutil.get_terminal_size().columns))
        self.last: CheckResult | None = None
        self.train_loss = float("nan")

    def started(self, challenge: Challenge, folder: str) -> None:
        self.challenge = challenge
        self._line(f"{challenge.name}: {challenge.title}")
        self._line(f"Grading {printable(folder)}", whole_words=True)

    def check_finished(self, result: CheckResult) -> None:
        if self.last is None or self.last.step != result.step:
            self._line("")
            self._line(f"{result.step}: {self.challenge.step(result.step).title}")
        elif result.outcome in words.QUIET and self.last.outcome is result.outcome:
            return  # said once for all checks of the step
        self.last = result
        if result.outcome in words.QUIET:
            not_run = "not run: " if result.outcome is Outcome.NOT_RUN else ""
            self._line(f"{not_run}{result.message}", indent="  ")
            return
        self._line(f"{words.word(result.outcome):7} {result.title}", indent="  ", hanging=10)

    def smoke_loading(self, documents: int = 0, total: int | None = None) -> None:
        if documents and documents % DOCUMENTS_A_LINE == 0:
            self._line(words.loading(documents, total))

    def smoke_started(self, steps: int) -> None:
        self._line("")
        self._line(f"smoke test: {steps} training steps")

    def smoke_step(self, step: int, train_loss: float) -> None:
        self.train_loss = train_loss

    def smoke_evaluated(self, step: int, test_loss: float) -> None:
        train = f"  train loss {self.train_loss:.3f}" if step else ""
        self._line(f"step {step:4d}  test loss {test_loss:.3f}{train}", indent="  ")

    def finished(self, verdict: Verdict, *, curves: Path | None = None) -> None:
        failure = words.first_failure(verdict.checks)
        if failure is not None:
            self._block(failure)
        if verdict.smoke is not None:
            self._smoke(verdict.smoke, curves)
        self._line("")
        self._line(words.verdict_line(verdict, self.challenge))
        self._line(words.isolation_line(verdict))

    def _block(self, failure: CheckResult) -> None:
        self._line("")
        self._line(f"{failure.step}: {failure.title}", indent="-- ")
        for label, text in words.explanation(failure, self.hint_for):
            self._rows(label, text)

    def _smoke(self, smoke: SmokeResult, curves: Path | None) -> None:
        if smoke.outcome is Outcome.NOT_RUN:
            self._line("")
        self._line(printable_lines(f"smoke test: {words.word(smoke.outcome)}. {smoke.message}"))
        for label, text in words.smoke_explanation(smoke):
            self._rows(label, text, indent="  ")
        for fact in smoke.facts:
            self._line(fact, indent="  ")
        if smoke.train_loss:
            for line in words.curves(smoke, self.width - 35):
                self._line(line, indent="  ")
        if smoke.sample:
            self._line(printable_lines(f"it writes: {smoke.sample}"), indent="  ", hanging=4)
        if curves is not None:
            self.stream.write(f"  curves: {printable(str(curves))}\n")  # a path is not broken over lines

    def _rows(self, label: str, text: str, *, indent: str = "") -> None:
        """Write the lines of a text in a column of their own, the label before the first."""
        if not label:
            self._line(text)
            return
        later = indent + " " * LABEL_WIDTH
        for index, line in enumerate(text.splitlines()):
            self._line(line, indent=later if index else f"{indent}{label:{LABEL_WIDTH}}", hanging=len(later))

    def _line(self, text: str, *, indent: str = "", hanging: int = 0, whole_words: bool = False) -> None:
        later = " " * max(len(indent), hanging)
        lines = wrap(text, self.width, first=indent, later=later, whole_words=whole_words)
        self.stream.write("\n".join(lines) + "\n")
        self.stream.flush()
