"""Runs the hidden checks with pytest, in the parent, and turns what happens into `CheckResult`s.

pytest collects the check files and provides the fixtures; this plugin calls each check, decides its outcome and hands
it on at once. Nothing of the learner's is collected: pytest is given our files, our root and no configuration file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import traceback
from collections.abc import Callable
from unittest import mock

import hypothesis
import pytest
import torch
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.errors import Flaky

from grader.challenge import Challenge, Step
from grader.checking.expect import Mismatch
from grader.checking.trial import EnoughShrinking, Trial
from grader.errors import GraderError
from grader.submission.problems import CheckAborted, LearnerError
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
) -> tuple[tuple[str, ...], tuple[CheckResult, ...]]:
    """Run the checks of all steps, or of the steps in `only`.

    Args:
        seed: picks another draw of examples; the same seed draws the same ones.
        on_result: told of each result as soon as it is there.
    Returns:
        The ids of all checks of the challenge, and the results of those that were asked for.
    Raises:
        GraderError: a check of ours is broken.
    """
    torch.set_num_threads(1)  # the tensors are small, and the child needs a core as well
    plugin = _ChecksPlugin(challenge, submission, only=only, seed=seed, on_result=on_result)
    files = [str(path) for path in challenge.check_files]
    with tempfile.TemporaryDirectory(prefix="fine-dropout-") as home, mock.patch.dict(os.environ, ENVIRONMENT):
        set_hypothesis_home_dir(home)  # it would leave a folder where the command was called
        status = pytest.main([*ARGUMENTS, f"--rootdir={challenge.folder}", *files], plugins=[plugin])
    if plugin.ended_by is not None:
        raise plugin.ended_by
    if status == pytest.ExitCode.INTERRUPTED:  # Ctrl-C between two checks
        raise KeyboardInterrupt
    if status != pytest.ExitCode.OK or not plugin.expected:
        raise GraderError(f"pytest could not run the checks of {challenge.name} ({status!r}). {plugin.collect_trouble}")
    return plugin.expected, tuple(plugin.results)


class _ChecksPlugin:
    def __init__(
        self, challenge: Challenge, submission: Submission, *, only: frozenset[str], seed: int, on_result: OnResult
    ) -> None:
        self.challenge, self.submission = challenge, submission
        self.only, self.seed, self.on_result = only, seed, on_result
        self.results: list[CheckResult] = []
        self.expected: tuple[str, ...] = ()
        self.trial = Trial()
        self.ended_by: BaseException | None = None  # what ends the run before its last check
        self.collect_trouble = ""

    # What checks may ask for as arguments.

    @pytest.fixture(name="submission")
    def submission_fixture(self) -> Submission:
        return self.submission

    @pytest.fixture(name="trial")
    def trial_fixture(self) -> Trial:
        return self.trial

    @pytest.fixture(name="function")
    def function_fixture(self, request: pytest.FixtureRequest) -> RemoteFunction:
        """The learner's function or class that the check names with `of`."""
        return self.submission.function(*request.function.checks)

    # What pytest tells us.

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.collect_trouble = str(report.longrepr)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        self.expected = tuple(_check_id(item) for item in items)
        missing = {step.name for step in self.challenge.steps} - {_step_name(item) for item in items}
        if missing or len(set(self.expected)) != len(self.expected):
            raise GraderError(f"no checks for {sorted(missing)}, or two checks of one name")
        if self.only:
            items[:] = [item for item in items if _step_name(item) in self.only]

    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool:
        """Run one check; its outcome goes into `results`, never into pytest's own."""
        try:
            result = self._result(pyfuncitem)
            self.results.append(result)
            self.on_result(result)  # may fail as well: the reader of the report is gone, say
        except BaseException as end:
            self.ended_by = end
            pyfuncitem.session.shouldstop = "see ended_by"
        return True

    def _result(self, item: pytest.Function) -> CheckResult:
        """Run one check, or say why it is not run.

        Raises:
            GraderError: the check is broken.
            KeyboardInterrupt: Ctrl-C.
        """
        try:
            return self._run(item)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise _as_grader_error(_check_id(item), error) from error

    def _run(self, item: pytest.Function) -> CheckResult:
        step = self.challenge.step(_step_name(item))
        reason = self._why_not(step)
        if not reason:
            return self._outcome(item, step)
        if self._is_unfilled(item, step):
            message = f"Still to do: fill the marked place in {step.file}."
            return CheckResult(_check_id(item), step.name, _title(item), Outcome.TODO, message, location=step.file)
        return CheckResult(_check_id(item), step.name, _title(item), Outcome.NOT_RUN, reason)

    def _why_not(self, step: Step) -> str:
        """Say why a check of this step cannot be run now; empty if it can."""
        for needed in step.needs:
            found = [result for result in self.results if result.step == needed]
            if any(result.outcome is not Outcome.PASSED for result in found):
                return f"Waits for the step {needed}: its checks must pass first."
        if self.submission.run_is_over:
            return "Not run: the time for the whole run was used up before."
        return ""

    def _is_unfilled(self, item: pytest.Function, step: Step) -> bool:
        """True if what the check is about is still a stub; a check of a given file shares the step's fate."""
        unfilled = unfilled_functions(self.submission.process.folder / step.file)
        module, name = item.obj.checks
        return name in unfilled if module == step.name else bool(unfilled)

    def _outcome(self, item: pytest.Function, step: Step) -> CheckResult:
        self.trial = trial = Trial(before_example=self.submission.seed_generators)
        self.submission.begin_check()
        started = time.monotonic()
        outcome, message, location = self._call(item, trial)
        counterexample = trial.counterexample() if outcome in (Outcome.FAILED, Outcome.ERROR) else ""
        if outcome is Outcome.FAILED and location is None:
            location = self._definition(item)
        return CheckResult(
            id=_check_id(item),
            step=step.name,
            title=_title(item),
            outcome=outcome,
            message=message,
            counterexample=counterexample,
            location=location,
            examples=trial.held,
            seconds=time.monotonic() - started,
            output=self.submission.process.take_output() if outcome is not Outcome.PASSED else "",
        )

    def _call(self, item: pytest.Function, trial: Trial) -> tuple[Outcome, str, str | None]:
        """Call the check and say what its end means: outcome, message, location."""
        arguments = {name: item.funcargs[name] for name in item._fixtureinfo.argnames}
        if "trial" in item.fixturenames:
            arguments["trial"] = trial
        required = item.obj.required_examples
        try:
            if hasattr(item.obj, "hypothesis"):
                hypothesis.seed(self._seed_of(item))(item.obj)
            item.obj(**arguments)
        except CheckAborted as end:
            if trial.failure is not None:  # the search for a smaller counterexample ran into a limit
                return _failure(trial, end)
            return end.outcome, end.message, end.location
        except (Mismatch, LearnerError, EnoughShrinking, Flaky, BaseExceptionGroup) as end:
            if isinstance(end, Mismatch | LearnerError) and trial.failure is None:
                trial.record(end, {})
            return _failure(trial, end)
        if required == 1 and not hasattr(item.obj, "hypothesis"):
            trial.count()
        if trial.held < required:
            raise GraderError(f"only {trial.held} of {required} examples were run")
        return Outcome.PASSED, "", None

    def _seed_of(self, item: pytest.Function) -> int:
        """Draw different examples for each check and for each `--seed`, the same ones every time."""
        return int.from_bytes(hashlib.sha256(f"{self.seed}/{_check_id(item)}".encode()).digest()[:8], "big")

    def _definition(self, item: pytest.Function) -> str | None:
        return self.submission.function(*item.obj.checks).location()


def _failure(trial: Trial, end: BaseException) -> tuple[Outcome, str, str | None]:
    failure = trial.failure
    if failure is None:  # nothing of the learner's: a broken check, or Hypothesis is
        raise end
    if isinstance(failure, LearnerError):
        return Outcome.ERROR, failure.message, failure.location
    return Outcome.FAILED, failure.message, None


def _as_grader_error(check: str, error: BaseException) -> GraderError:
    last = "".join(traceback.format_exception(error)).strip()
    return GraderError(f"the check {check} is broken.\n{last}")


def _step_name(item: pytest.Item) -> str:
    return item.path.stem.removeprefix("test_")


def _check_id(item: pytest.Item) -> str:
    return f"{_step_name(item)}.{item.name.removeprefix('test_')}"


def _title(item: pytest.Function) -> str:
    return " ".join((item.obj.__doc__ or "").split()).rstrip(".")
