"""Makes the texts: grades each known mistake until its first check fails, and has the plain report explain that check.

The mistake is named in the text as it is when the diagnosis finds it. That it does so is not shown here but by the
tests of `grade verify`.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

from grader.challenge import Challenge, load_challenge
from grader.checking import runner, trial
from grader.mistakes import Mistake, load_mistakes, write_with_mistake
from grader.report.plain_report import PlainReport
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from grader.verdict import CheckResult, Outcome, Verdict
from tests.submissions import SOLUTIONS

CHALLENGE = "challenge5"
GOLDEN = Path(__file__).parent / "golden"
WIDTH = 80  # columns
ENDS_WITH = "\n\nNot passed"  # the verdict, which comes after the text


class FirstFailure(Exception):
    """Ends the run of the checks at the first one that does not pass."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(result.id)
        self.result = result


@dataclass(frozen=True)
class Message:
    """What a learner reads who has made a mistake."""

    mistake: Mistake
    result: CheckResult
    text: str


class Messages:
    """Grades the mistakes of the challenge, all in one child."""

    def __init__(self) -> None:
        self.challenge = load_challenge(CHALLENGE)
        self.mistakes = load_mistakes(self.challenge)
        # No time limit decides which counterexample is the smallest: a slow machine must find the same one.
        self.limits = replace(self.challenge.limits, call_seconds=60.0, check_seconds=600.0, run_seconds=600.0)
        self.process = ChildProcess(SOLUTIONS / CHALLENGE, self.limits)

    def of(self, mistake: Mistake) -> Message:
        """Grade a mistake; return what is said of it."""
        with tempfile.TemporaryDirectory(prefix="fine-dropout-message-") as folder:
            write_with_mistake(SOLUTIONS / CHALLENGE, mistake, Path(folder))
            failure = self._first_failure(mistake.step, Path(folder))
        named = replace(
            failure,
            mistake=mistake.name,
            mistake_title=mistake.title,
            explanation=mistake.explanation,
            hint=mistake.hint,
        )
        return Message(mistake, named, self._explained(named))

    def of_step(self, step: str) -> Iterator[Message]:
        return (self.of(mistake) for mistake in self.mistakes if mistake.step == step)

    def close(self) -> None:
        self.process.close()

    def _first_failure(self, step: str, folder: Path) -> CheckResult:
        def stop_at_failure(result: CheckResult) -> None:
            if result.outcome is not Outcome.PASSED:
                raise FirstFailure(result)

        self.process.end_worker()
        self.process.folder = folder
        self.process.limits = self.limits
        alone = _only(self.challenge, step)
        with mock.patch.object(trial, "SHRINK_SECONDS", 600.0):
            try:
                runner.run_checks(alone, Submission(self.process), on_result=stop_at_failure)
            except FirstFailure as end:
                return end.result
        raise AssertionError(f"{folder} passes every check of {step}")

    def _explained(self, result: CheckResult) -> str:
        """Return the block of the plain report for this check, without the hint at its end."""
        stream = io.StringIO()
        report = PlainReport(stream, lambda *_: "")
        report.challenge, report.width = self.challenge, WIDTH
        report.finished(Verdict(self.challenge.name, (result.id,), (result,), None))
        text, end, _ = stream.getvalue().rpartition(ENDS_WITH)
        assert end, stream.getvalue()
        return text.strip("\n")


def _only(challenge: Challenge, step: str) -> Challenge:
    return replace(challenge, steps=(replace(challenge.step(step), needs=()),))


def heading(mistake: Mistake) -> str:
    return f"===== {mistake.name} "


def golden_file(step: str) -> Path:
    return GOLDEN / f"{step}.txt"


def write_golden(step: str, messages: Iterator[Message]) -> Path:
    """Write the texts of one step into its file, each under the name of its mistake."""
    parts = [f"{heading(message.mistake):=<{WIDTH}}\n{message.text}\n" for message in messages]
    golden_file(step).write_text("\n".join(parts), encoding="utf-8")
    return golden_file(step)


def read_golden(step: str) -> dict[str, str]:
    """Return the text of each mistake of a step, by the mistake's name."""
    found: dict[str, str] = {}
    for line in golden_file(step).read_text(encoding="utf-8").splitlines():
        if line.startswith("===== "):
            name = line.split()[1]
            found[name] = ""
        else:
            found[name] += line + "\n"
    return {name: text.strip("\n") for name, text in found.items()}
