"""One grading run, from the options to the verdict: submission → checks → smoke test → verdict → report."""

from __future__ import annotations

import importlib.metadata
import platform
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from grader import __version__
from grader.challenge import Challenge
from grader.hints import hint_for_failure, next_hint_command
from grader.interrupts import no_key_lost
from grader.loading import load
from grader.options import GradeOptions
from grader.progress import load_progress
from grader.project import find_project, notes_folder, own_folder
from grader.submission.process import ChildProcess
from grader.verdict import STOPPED, CheckResult, Outcome, SmokeResult, Verdict

if TYPE_CHECKING:  # these import torch, and the child is started before that
    from grader.diagnosis.diagnosis import Diagnosis
    from grader.report.base import Report
    from grader.smoke import SmokeTest
    from grader.submission.remote import Submission


class Run:
    """The state of one run while it lasts."""

    def __init__(
        self,
        options: GradeOptions,
        challenge: Challenge,
        folder: Path,
        process: ChildProcess,
        *,
        start: Path,
        report: Report | None = None,
        diagnosis: Diagnosis | None = None,
    ) -> None:
        """Prepare a run.

        Args:
            start: the current folder of the learner.
            report: the one to use instead of that which the options name.
            diagnosis: the one to use instead of another that lasts as long as this run.
        """
        from grader.report import make_report

        self.options, self.challenge, self.folder, self.start = options, challenge, folder, start
        self.process, self.diagnosis = process, diagnosis
        self.report = report or make_report(options.format, self.hint_for)
        self.progress = load_progress(notes_folder(start), challenge.name, folder)
        self.results: list[CheckResult] = []
        self.expected: tuple[str, ...] = ()

    def run(self) -> bool:
        smoke = None
        try:
            # A wrong path is said before all else.
            smoke_test = self._smoke_test() if self.options.names_data else None
        except BaseException:
            self.report.close()  # the loading of texts has used the terminal
            raise
        try:
            with no_key_lost():
                self.report.started(self.challenge, _label(self.options, self.folder))
                load("grader.warm_up", "grader.checking.runner")  # with torch, while the child loads it too
                from grader.submission.remote import Submission
                from grader.warm_up import warm_up_hypothesis

                warm_up_hypothesis()
                submission = Submission(self.process)
                self._run_checks(submission)
                if self._wants_smoke():
                    smoke = self._run_smoke(submission, smoke_test or self._smoke_test())
                curves = self._save_curves(smoke)
        except KeyboardInterrupt:
            self.report.finished(self._verdict(smoke, STOPPED))
            raise
        finally:
            self.report.close()
        verdict = self._verdict(smoke)
        self.progress.record(self.challenge, verdict)
        self.report.finished(verdict, curves=curves)
        if self.options.ref is None:
            self.progress.save()
        return verdict.passed

    def _wants_smoke(self) -> bool:
        return self.options.smoke and not self.options.only and self.challenge.smoke_file is not None

    def _smoke_test(self) -> SmokeTest:
        """Return the smoke test; data that the user names are loaded, so that a wrong path is found out."""
        load("torch")
        from grader.smoke import SmokeOptions, SmokeTest

        test = SmokeTest(self.challenge, SmokeOptions(self.options.data, self.options.tokenizer, self.options.seed))
        if self.options.names_data:
            test.prepare(self.report.smoke_loading)
        return test

    def _run_checks(self, submission: Submission) -> None:
        from grader.checking.runner import run_checks
        from grader.diagnosis.diagnosis import Diagnosis

        def on_result(result: CheckResult) -> None:
            self.results.append(result)
            self.report.check_finished(result)

        with ExitStack() as at_the_end:
            diagnosis = self.diagnosis or at_the_end.enter_context(closing(Diagnosis(self.challenge, self.process)))
            self.expected, results = run_checks(
                self.challenge,
                submission,
                only=frozenset(self.options.only),
                seed=self.options.seed,
                on_result=on_result,
                on_end=self.report.checks_finished,
                diagnosis=diagnosis,
            )
        self.results = list(results)

    def _run_smoke(self, submission: Submission, test: SmokeTest) -> SmokeResult:
        waiting_for = [
            step.name
            for step in self.challenge.steps
            if any(r.step == step.name and r.outcome is not Outcome.PASSED for r in self.results)
        ]
        if waiting_for or len(self.results) != len(self.expected):
            return SmokeResult(Outcome.NOT_RUN, f"Waits for the steps: {', '.join(waiting_for)}.")
        self.report.smoke_loading()
        return test.run(submission, self.report)

    def _verdict(self, smoke: SmokeResult | None, *left_out: str) -> Verdict:
        reasons = [f"--only {name}" for name in self.options.only]
        reasons += ["--no-smoke"] if not self.options.smoke and not self.options.only else []
        return Verdict(
            challenge=self.challenge.name,
            expected=self.expected,
            checks=tuple(self.results),
            smoke=smoke,
            environment={
                "python": platform.python_version(),
                "torch": importlib.metadata.version("torch"),  # without the import, which Ctrl-C may have cut off
                "grader": __version__,
                "isolation": self.process.isolation.name,
            },
            why_not_isolated=self.process.isolation.reason,
            has_smoke_test=self.challenge.smoke_file is not None,
            left_out=(*reasons, *left_out),
        )

    def hint_for(self, step: str, fitting: str) -> str:
        found = self.challenge.step(step)
        own = self.folder if self.options.ref is None else own_folder(self.challenge.name, self.start)
        more = next_hint_command(self.challenge.name, found, own, start=self.start)
        return hint_for_failure(self.challenge, found, self.progress, more=more, fitting=fitting)

    def _save_curves(self, smoke: SmokeResult | None) -> Path | None:
        if smoke is None or not smoke.train_loss or self.options.format == "json":
            return None
        from grader.report.curves_image import save_curves

        path = notes_folder(self.start) / f"{self.challenge.name}-curves.png"
        return save_curves(smoke, path)


def _label(options: GradeOptions, folder: Path) -> str:
    if options.ref is not None:
        return f"challenges/{options.challenge} on {options.ref}"
    project = find_project(folder)
    if project is not None and folder.is_relative_to(project.root):
        return str(folder.relative_to(project.root))
    return str(folder)
