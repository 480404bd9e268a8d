"""The diagnosis of one run, from the recording of the checks to the mistakes that are named in their results.

It says why a check failed, never whether it did: no outcome is changed, and where anything at all goes wrong in it,
or takes too long, nothing is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.challenge import Challenge
from grader.clock import awake_seconds
from grader.diagnosis.naming import WRONG, Naming
from grader.diagnosis.recording import Recording
from grader.diagnosis.replay import Replays
from grader.errors import GraderError
from grader.mistakes import Mistake, load_mistakes
from grader.submission.problems import CheckAborted
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from grader.verdict import CheckResult

DIAGNOSIS_SECONDS = 30.0  # from the last check on, without the start of the child; as a rule it takes one or two


class Diagnosis:
    """Diagnoses one run after the other of the same challenge.

    Attributes:
        trouble: what went wrong in the last run's diagnosis, so that nothing was named; None if all was well.
    """

    def __init__(self, challenge: Challenge, process: ChildProcess, *, seconds: float = DIAGNOSIS_SECONDS) -> None:
        """Prepare to diagnose what the submission in this child answers; starts nothing yet.

        Args:
            seconds: that the diagnosis of one run may take; then what it has not named stays without a name.
        """
        self.challenge, self.process, self.seconds = challenge, process, seconds
        self.recording = Recording()
        self.mistakes: tuple[Mistake, ...] | None = None
        self.replays: Replays | None = None
        self.trouble: BaseException | None = None

    def begin(self, submission: Submission) -> Recording:
        """Record another run of the checks; the one who runs them says which check it is."""
        self.recording = Recording()
        self.trouble = None
        submission.on_reply = self.recording.note
        if self.replays is not None:
            try:
                self.replays.begin(self.process.folder)
            except (Exception, CheckAborted, GraderError):
                self.close()  # another one is started if it is needed
        return self.recording

    def expect(self, result: CheckResult) -> None:
        """Prepare if a diagnosis will be needed; raises `GraderError` as `prepare` does."""
        if result.outcome in WRONG:
            self.prepare()

    def prepare(self) -> None:
        """Start loading torch into a child for the mistakes, beside what goes on here.

        Raises:
            GraderError: the catalogue of mistakes is broken.
        """
        if self.replays is not None:
            return
        if self.mistakes is None:
            self.mistakes = load_mistakes(self.challenge)
        if self.mistakes:
            try:
                self.replays = Replays(self.process)  # kept before it is started: Ctrl-C may come in between
                self.replays.start()
            except (Exception, GraderError) as problem:
                self.trouble = problem
                self.close()

    def name(self, results: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
        """Return the results, with the mistakes that explain them where there are any."""
        if self.replays is None or not self.mistakes:
            return tuple(results)
        naming = Naming(self.challenge, self.mistakes, self.recording, self.replays)
        try:
            self.replays.wait()
            naming.name(results, deadline=awake_seconds() + self.seconds)
        except (Exception, CheckAborted, GraderError) as problem:
            self.trouble = problem
        return tuple(self._explained(result, naming.found.get(result.id)) for result in results)

    def _explained(self, result: CheckResult, mistake: Mistake | None) -> CheckResult:
        if mistake is None:
            return result
        return replace(
            result,
            mistake=mistake.name,
            mistake_title=mistake.title,
            explanation=mistake.explanation,
            hint=self.challenge.step(mistake.step).hints[mistake.hint - 1],
        )

    def close(self) -> None:
        """End the child, if it was started."""
        if self.replays is not None:
            self.replays.close()
            self.replays = None
