"""A diagnosis says why, never whether: it changes no outcome, ends no run, and leaves nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from grader.checking import runner
from grader.diagnosis import diagnosis as module
from grader.diagnosis.diagnosis import Diagnosis
from grader.diagnosis.naming import Naming, OutOfTime
from grader.errors import GraderError
from grader.mistakes import Mistake, load_mistakes
from grader.submission.remote import Submission
from grader.verdict import CheckResult, Outcome
from tests.submissions import Answer, SharedChild, write_submission

STEP = "final_token_loss"
BODY = "return F.nll_loss(logits[:, -1], targets[:, -1])"
RAW_LOGITS = Answer("raw logits", f"{STEP}.py", bodies={STEP: BODY})
ENDS_ITSELF = "import os\n\ndef final_token_loss(logits, targets):\n    os._exit(1)\n"
ENDS_AT_ONCE = "import sys\nsys.exit()\n"


@pytest.fixture(scope="module")
def child() -> Iterator[SharedChild]:
    shared = SharedChild()
    yield shared
    shared.close()


@pytest.fixture
def diagnosis(child: SharedChild) -> Iterator[Diagnosis]:
    made = Diagnosis(child.challenge, child.process, seconds=600.0)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_submission(tmp_path / "submission", RAW_LOGITS.files())


def run(child: SharedChild, folder: Path, diagnosis: Diagnosis | None) -> list[CheckResult]:
    """Grade the step; without what depends on the clock."""
    child.process.end_worker()
    child.process.folder = folder.resolve()
    submission, only = Submission(child.process), frozenset({STEP})
    _, results = runner.run_checks(child.challenge, submission, only=only, diagnosis=diagnosis, smallest=False)
    return [replace(result, seconds=0.0) for result in results]


def named(results: list[CheckResult]) -> set[str | None]:
    return {result.mistake for result in results if result.outcome is not Outcome.PASSED}


def bare(results: list[CheckResult]) -> list[CheckResult]:
    return [replace(result, mistake=None, mistake_title="", explanation="", hint="") for result in results]


def test_it_changes_nothing_but_the_name_of_the_mistake_and_does_so_each_time(
    child: SharedChild, folder: Path, diagnosis: Diagnosis
) -> None:
    plain, first, second = (run(child, folder, how) for how in (None, diagnosis, diagnosis))
    assert named(first) == {"raw_logits"}
    assert first == second
    assert bare(first) == plain
    failure = next(result for result in first if result.mistake)
    assert "log-probabilities" in f"{failure.mistake_title} {failure.explanation}"
    assert failure.hint in child.challenge.step(STEP).hints


def test_when_it_fails_nothing_is_named(
    child: SharedChild, folder: Path, diagnosis: Diagnosis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Naming, "name", fail)
    results = run(child, folder, diagnosis)
    assert isinstance(diagnosis.trouble, ZeroDivisionError)
    assert named(results) == {None}


def test_when_it_takes_too_long_nothing_is_named(child: SharedChild, folder: Path, diagnosis: Diagnosis) -> None:
    diagnosis.seconds = 0.0
    results = run(child, folder, diagnosis)
    # Either the questions were not answered in time, and nothing can be compared, or the comparison was out of time.
    assert diagnosis.trouble is None or isinstance(diagnosis.trouble, OutOfTime)
    assert named(results) == {None}


@pytest.mark.parametrize("text", [ENDS_ITSELF, ENDS_AT_ONCE, "", "def"], ids=["dies", "exits", "empty", "no Python"])
def test_a_mistake_that_does_not_run_is_no_candidate(
    text: str, child: SharedChild, folder: Path, diagnosis: Diagnosis, tmp_path: Path
) -> None:
    known = {mistake.name: mistake for mistake in load_mistakes(child.challenge) if mistake.step == STEP}
    (tmp_path / "bad.py").write_text(text, encoding="utf-8")
    bad = replace(known["all_positions"], name="bad", path=tmp_path / "bad.py")
    diagnosis.mistakes = (bad, known["raw_logits"])
    assert named(run(child, folder, diagnosis)) == {"raw_logits"}


def test_two_mistakes_that_both_explain_it_are_not_told_apart(
    child: SharedChild, folder: Path, diagnosis: Diagnosis
) -> None:
    (known,) = (mistake for mistake in load_mistakes(child.challenge) if mistake.name == "raw_logits")
    diagnosis.mistakes = (known, replace(known, name="the_same_again"))
    assert named(run(child, folder, diagnosis)) == {None}


def test_a_broken_catalogue_is_a_fault_of_the_grader(
    child: SharedChild, folder: Path, diagnosis: Diagnosis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> tuple[Mistake, ...]:
        raise GraderError("mistakes/final_token_loss/raw_logits.py: broken")

    monkeypatch.setattr(module, "load_mistakes", broken)
    with pytest.raises(GraderError, match=r"raw_logits\.py: broken"):
        run(child, folder, diagnosis)


def test_it_starts_nothing_when_all_checks_pass(child: SharedChild, tmp_path: Path, diagnosis: Diagnosis) -> None:
    run(child, write_submission(tmp_path, {}), diagnosis)
    assert diagnosis.replays is None


def test_it_leaves_no_process_and_no_file_behind(child: SharedChild, folder: Path, diagnosis: Diagnosis) -> None:
    free = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    run(child, folder, diagnosis)
    replays = diagnosis.replays
    assert replays is not None
    assert replays.process.nursery is not None
    process = replays.process.nursery.pid
    os.kill(process, 0)  # it is there
    diagnosis.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert not replays.folder.exists()
    assert not replays.process.scratch.exists()
    assert free is None or os.sched_getaffinity(0) == free
