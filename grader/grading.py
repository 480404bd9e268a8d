"""One grading run, from the options to the verdict: challenge → submission → checks → smoke test → verdict → report."""

from __future__ import annotations

import importlib.metadata
import platform
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from grader import __version__
from grader.challenge import Challenge, load_challenge
from grader.errors import UsageError
from grader.git_reference import unpack_reference
from grader.hints import hint_for_failure
from grader.options import GradeOptions
from grader.progress import load_progress
from grader.project import find_project, notes_folder, submission_folder
from grader.submission.process import ChildProcess
from grader.verdict import STOPPED, CheckResult, Outcome, SmokeResult, Verdict
from grader.warm_up import warm_up_hypothesis

if TYPE_CHECKING:  # these import torch, and the child is started before that
    from grader.report.base import Report
    from grader.smoke import SmokeTest
    from grader.submission.remote import Submission


def grade(options: GradeOptions, *, start: Path) -> bool:
    """Do one run and report it; True for a full pass.

    Raises:
        UsageError, GraderError: see there.
    """
    challenge = load_challenge(options.challenge)
    for name in options.only:
        challenge.step(name)
    with tempfile.TemporaryDirectory(prefix="fine-dropout-ref-") as scratch:
        folder = _folder(options, start, Path(scratch))
        _require_a_file(challenge, folder)
        process = ChildProcess(folder, challenge.limits)
        try:
            process.start()
            return _Run(options, challenge, folder, process, start).run()
        finally:
            process.close()


def _folder(options: GradeOptions, start: Path, scratch: Path) -> Path:
    if options.ref is None:
        return submission_folder(options.challenge, options.folder, solution=options.solution, start=start)
    project = find_project(start)
    if project is None:
        raise UsageError("--ref needs the project's git repository around it: go into the project first.")
    return unpack_reference(project, options.challenge, options.ref, scratch)


def _require_a_file(challenge: Challenge, folder: Path) -> None:
    """Refuse a folder that holds none of the steps' files: it is another folder than was meant."""
    if not any((folder / step.file).is_file() for step in challenge.steps):
        first = challenge.steps[0].file
        raise UsageError(f"{folder} holds none of the files of {challenge.name} ({first}, ...). Name the right folder.")


class _Run:
    """The state of one run while it lasts."""

    def __init__(
        self, options: GradeOptions, challenge: Challenge, folder: Path, process: ChildProcess, start: Path
    ) -> None:
        from grader.report import make_report

        self.options, self.challenge, self.folder, self.start = options, challenge, folder, start
        self.process = process
        self.report: Report = make_report(options.format, self._hint_for)
        self.progress = load_progress(notes_folder(start), challenge.name, folder)
        self.results: list[CheckResult] = []
        self.expected: tuple[str, ...] = ()

    def run(self) -> bool:
        smoke = None
        try:
            smoke_test = self._smoke_test() if self._names_data() else None  # a wrong path is said before all else
        except BaseException:
            self.report.close()  # the loading of texts has used the terminal
            raise
        try:
            self.report.started(self.challenge, _label(self.options, self.folder))
            warm_up_hypothesis()
            from grader.submission.remote import Submission  # imports torch, which takes seconds

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

    def _names_data(self) -> bool:
        """True if the smoke test trains on anything else than what is packaged."""
        return self._wants_smoke() and (self.options.data, self.options.tokenizer) != ("sample", "packaged")

    def _smoke_test(self) -> SmokeTest:
        """Return the smoke test; data that the user names are loaded, so that a wrong path is found out."""
        from grader.smoke import SmokeOptions, SmokeTest

        test = SmokeTest(self.challenge, SmokeOptions(self.options.data, self.options.tokenizer, self.options.seed))
        if self._names_data():
            test.prepare(self.report.smoke_loading)
        return test

    def _run_checks(self, submission: Submission) -> None:
        from grader.checking.runner import run_checks

        def on_result(result: CheckResult) -> None:
            self.results.append(result)
            self.report.check_finished(result)

        only = frozenset(self.options.only)
        self.expected, _ = run_checks(
            self.challenge, submission, only=only, seed=self.options.seed, on_result=on_result
        )
        self.report.checks_finished()

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
                "isolation": "process",
            },
            left_out=(*reasons, *left_out),
        )

    def _hint_for(self, step: str) -> str:
        return hint_for_failure(self.challenge, self.challenge.step(step), self.progress)

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
