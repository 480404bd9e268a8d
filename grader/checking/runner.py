"""Runs the hidden checks with pytest, in the parent, and turns what happens into `CheckResult`s.

pytest collects the check files and provides the fixtures; this plugin calls each check, decides its outcome and hands
it on at once. Nothing of the learner's is collected: pytest is given our files, our root and no configuration file.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
import torch

from grader.challenge import Challenge, Step
from grader.checking.one_check import OneCheck, check_id, step_name, title
from grader.checking.trial import Trial
from grader.checking.waiting import Waiting
from grader.diagnosis.diagnosis import Diagnosis
from grader.errors import GraderError
from grader.secluded_hypothesis import secluded_hypothesis
from grader.submission.remote import RemoteFunction, Submission
from grader.unfilled import unfilled_functions
from grader.verdict import CheckResult, Outcome

OnResult = Callable[[CheckResult], None]
# The report speaks, pytest does not; it reads no configuration, and leaves nothing behind.
SILENCED = ("cacheprovider", "terminal", "capture", "logging", "faulthandler", "warnings", "threadexception",
            "unraisableexception")  # fmt: skip
ARGUMENTS = [
    *(f"-pno:{plugin}" for plugin in SILENCED),
    "--noconftest",
    "--assert=plain",
    "--import-mode=importlib",
    "-c/dev/null",
]
# What the user's environment tells pytest is meant for other runs: options, and plugins that reorder or repeat tests.
ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "", "PYTEST_PLUGINS": ""}


def run_checks(
    challenge: Challenge,
    submission: Submission,
    *,
    only: frozenset[str] = frozenset(),
    seed: int = 0,
    on_result: OnResult = lambda result: None,
    on_end: Callable[[], None] = lambda: None,
    diagnosis: Diagnosis | None = None,
    smallest: bool = True,
) -> tuple[tuple[str, ...], tuple[CheckResult, ...]]:
    """Run the checks of all steps, or of the steps in `only`.

    Args:
        seed: picks another draw of examples; the same seed draws the same ones.
        on_result: told of each result as soon as it is there, before it is diagnosed.
        on_end: called when all results are there, before they are diagnosed.
        diagnosis: names known mistakes in the results that are returned.
        smallest: look for the smallest counterexample; without, the first has to do.
    Returns:
        The ids of all checks of the challenge, and the results of those that were asked for.
    Raises:
        GraderError: a check of ours is broken.
    """
    torch.set_num_threads(1)  # the tensors are small, and the child needs a core as well
    plugin = _ChecksPlugin(
        challenge, submission, only=only, seed=seed, on_result=on_result, diagnosis=diagnosis, smallest=smallest
    )
    files = [str(path) for path in challenge.check_files]
    with secluded_hypothesis(), mock.patch.dict(os.environ, ENVIRONMENT):
        # Files of the same name are told apart by their challenge.
        root = challenge.folder.parent
        status = pytest.main([*ARGUMENTS, f"--rootdir={root}", *files], plugins=[plugin])
        plugin.raise_what_ended_it(status)
        on_end()
        if diagnosis is None:
            return plugin.expected, tuple(plugin.results)
        for check in plugin.failed:
            check.question(diagnosis.recording, seconds=diagnosis.seconds / 4)
        submission.discard_worker()  # nobody looks after a thread that it left, say, while the copies are asked
        return plugin.expected, diagnosis.name(plugin.results)


class _ChecksPlugin:
    def __init__(
        self,
        challenge: Challenge,
        submission: Submission,
        *,
        only: frozenset[str],
        seed: int,
        on_result: OnResult,
        diagnosis: Diagnosis | None,
        smallest: bool,
    ) -> None:
        self.challenge, self.submission = challenge, submission
        self.diagnosis, self.smallest = diagnosis, smallest
        self.recording = None if diagnosis is None else diagnosis.begin(submission)
        self.failed: list[OneCheck] = []
        self.waiting, self.seed, self.on_result = Waiting(challenge, only), seed, on_result
        self.results: list[CheckResult] = []
        self.expected: tuple[str, ...] = ()
        self.step = ""  # whose checks are being run
        self.ended_by: BaseException | None = None  # what ends the run before its last check
        self.collect_trouble = ""

    def raise_what_ended_it(self, status: int) -> None:
        """Raise what ended the run before its last check, if anything did."""
        if self.ended_by is not None:
            raise self.ended_by
        if status == pytest.ExitCode.INTERRUPTED:  # Ctrl-C between two checks
            raise KeyboardInterrupt
        if status != pytest.ExitCode.OK or not self.expected:
            name = self.challenge.name
            raise GraderError(f"pytest could not run the checks of {name} ({status!r}). {self.collect_trouble}")

    # What checks may ask for as arguments.

    @pytest.fixture(name="submission")
    def submission_fixture(self) -> Submission:
        return self.submission

    @pytest.fixture(name="trial")
    def trial_fixture(self) -> Trial:
        return Trial()  # each run of a check has one of its own

    @pytest.fixture(name="function")
    def function_fixture(self, request: pytest.FixtureRequest) -> RemoteFunction:
        """The learner's function or class that the check names with `of`."""
        return self.submission.function(*request.function.checks)

    # What pytest tells us.

    def pytest_configure(self, config: pytest.Config) -> None:
        # At its end, pytest goes to where it was called, by that folder's name. Below a folder that the user may not
        # enter no name leads there, and nobody has left: so it goes to where it is.
        config.invocation_params = replace(config.invocation_params, dir=Path())

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collect_trouble = str(report.longrepr)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        self.expected = tuple(check_id(item) for item in items)
        missing = {step.name for step in self.challenge.steps} - {step_name(item) for item in items}
        if missing or len(set(self.expected)) != len(self.expected):
            raise GraderError(f"no checks for {sorted(missing)}, or two checks of one name")
        items[:] = [item for item in items if self.waiting.is_expected(step_name(item))]

    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Run one check; its outcome goes into `results`, never into pytest's own."""
        step = step_name(pyfuncitem)
        try:
            if self.waiting.is_pointless(step):
                return True
            result = self._result(pyfuncitem)
            self.waiting.note(result)
            if step not in self.waiting.silent:
                self.results.append(result)
                self.on_result(result)  # may fail as well: the reader of the report is gone, say
                if self.diagnosis is not None:
                    self.diagnosis.expect(result)
        except BaseException as end:
            self.ended_by = end
            pyfuncitem.session.shouldstop = "see ended_by"
        return True

    def _result(self, item: pytest.Function) -> CheckResult:
        """Run one check, or say why it is not run.

        Raises:
            GraderError: the check is broken, or no child can be had.
            KeyboardInterrupt: Ctrl-C.
        """
        try:
            return self._run(item)
        except (KeyboardInterrupt, GraderError):
            raise
        except BaseException as error:
            raise _as_grader_error(check_id(item), error) from error

    def _run(self, item: pytest.Function) -> CheckResult:
        step = self.challenge.step(step_name(item))
        reason = self._why_not(step)
        if not reason:
            return self._outcome(OneCheck(item, self.submission, seed=self.seed))
        if self._is_unfilled(item, step):
            message = f"Still to do: fill the marked place in {step.file}."
            return CheckResult(check_id(item), step.name, title(item), Outcome.TODO, message, location=step.file)
        return CheckResult(check_id(item), step.name, title(item), Outcome.NOT_RUN, reason)

    def _outcome(self, check: OneCheck) -> CheckResult:
        is_reported = check.step not in self.waiting.silent
        result = check.run(self.recording if is_reported else None, smallest=self.smallest and is_reported)
        if is_reported and result.outcome in (Outcome.FAILED, Outcome.ERROR):
            self.failed.append(check)
        if result.outcome not in (Outcome.PASSED, Outcome.TODO):
            self.submission.discard_worker()  # a thread that it left, say, must not act in the next check
        return result

    def _why_not(self, step: Step) -> str:
        """Say why a check of this step cannot be run now; empty if it can."""
        if reason := self.waiting.reason(step):
            return reason
        if self.submission.run_is_over:
            return "Not run: the time for the whole run was used up before."
        self._begin_step(step)
        return "Not run: the time for this step was used up before." if self.submission.step_is_over else ""

    def _begin_step(self, step: Step) -> None:
        if step.name != self.step:
            self.step = step.name
            self.submission.begin_step()

    def _is_unfilled(self, item: pytest.Function, step: Step) -> bool:
        """True if what the check is about is still a stub; a check of a given file shares the step's fate."""
        unfilled = unfilled_functions(self.submission.process.folder / step.file)
        module, name = item.obj.checks
        return name in unfilled if module == step.name else bool(unfilled)


def _as_grader_error(check: str, error: BaseException) -> GraderError:
    last = "".join(traceback.format_exception(error)).strip()
    return GraderError(f"the check {check} is broken.\n{last}")
