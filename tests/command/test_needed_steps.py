"""`--only training` needs the steps that training is built on: their checks are run in silence first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.challenge import Challenge, Limits, Step
from grader.checking.waiting import Waiting
from grader.verdict import CheckResult, Outcome
from tests.submissions import Answer, SharedChild, summary, write_submission

ONLY_TRAINING = frozenset({"training"})
WRONG_ATTENTION = Answer("dropout always", "attention.py", edits={" if self.training else 0.0": ""})
WRONG_LOSS = Answer("sum", "final_token_loss.py", edits={"last_targets)\n": 'last_targets, reduction="sum")\n'})
NO_TRAINING = Answer("a stub", "training.py", bodies=dict.fromkeys(("train_step", "evaluate"), "raise NotImplementedError"))  # fmt: skip # noqa: E501


@pytest.fixture(scope="module")
def child() -> Iterator[SharedChild]:
    shared = SharedChild()
    yield shared
    shared.close()


def test_a_needed_step_that_is_not_green_keeps_the_wanted_one_waiting(child: SharedChild, tmp_path: Path) -> None:
    results = child.grade_checks(write_submission(tmp_path, WRONG_ATTENTION.files()), only=ONLY_TRAINING)
    found = {(result.step, result.outcome, result.message) for result in results.values()}
    message = "Waits for the step attention: its checks must pass first (grade challenge5 --only attention)."
    assert found == {("training", Outcome.NOT_RUN, message)}


def test_the_first_needed_step_that_is_not_green_is_named(child: SharedChild, tmp_path: Path) -> None:
    files = WRONG_ATTENTION.files() | WRONG_LOSS.files()
    results = child.grade_checks(write_submission(tmp_path, files), only=ONLY_TRAINING)
    message = "Waits for the step final_token_loss: its checks must pass first (grade challenge5 --only final_token_loss)."  # fmt: skip # noqa: E501
    assert {result.message for result in results.values()} == {message}


def test_only_the_wanted_step_is_reported_when_the_needed_ones_are_green(child: SharedChild, tmp_path: Path) -> None:
    results = child.grade_checks(write_submission(tmp_path, {}), only=ONLY_TRAINING)
    assert {(result.step, result.outcome) for result in results.values()} == {("training", Outcome.PASSED)}, summary(
        results
    )


def test_a_step_that_needs_no_other_is_not_kept_waiting(child: SharedChild, tmp_path: Path) -> None:
    results = child.grade_checks(write_submission(tmp_path, WRONG_LOSS.files()), only=frozenset({"devices"}))
    assert {(result.step, result.outcome) for result in results.values()} == {("devices", Outcome.PASSED)}


def test_a_needed_step_that_was_asked_for_too_is_reported_itself(child: SharedChild, tmp_path: Path) -> None:
    only = frozenset({"attention", "training"})
    results = child.grade_checks(write_submission(tmp_path, WRONG_ATTENTION.files()), only=only)
    assert Outcome.FAILED in {result.outcome for result in results.values() if result.step == "attention"}
    messages = {result.message for result in results.values() if result.step == "training"}
    assert messages == {"Waits for the step attention: its checks must pass first."}


def test_an_untouched_stub_is_still_to_do_while_it_waits(child: SharedChild, tmp_path: Path) -> None:
    files = WRONG_ATTENTION.files() | NO_TRAINING.files()
    results = child.grade_checks(write_submission(tmp_path, files), only=ONLY_TRAINING)
    assert {result.outcome for result in results.values()} == {Outcome.TODO}


def five_steps() -> Challenge:
    """Steps that need each other in a row, a ← b ← c, and one that needs x only."""
    needs = {"a": (), "x": (), "b": ("a",), "c": ("b",), "y": ("x",)}
    steps = tuple(Step(name, name, ("a hint",), needed) for name, needed in needs.items())
    return Challenge("toy", "A toy", steps, Limits(), Path("toy"))


def failed(step: str) -> CheckResult:
    return CheckResult(f"{step}.check", step, "A check", Outcome.FAILED)


def test_steps_that_a_needed_step_needs_are_run_as_well() -> None:
    waiting = Waiting(five_steps(), frozenset({"c"}))
    assert {name for name in "abcxy" if waiting.is_expected(name)} == {"a", "b", "c"}
    assert waiting.silent == {"a", "b"}


def test_after_a_failure_nothing_more_is_run_for_the_step_that_waits_now() -> None:
    waiting = Waiting(five_steps(), frozenset({"c"}))
    assert not waiting.is_pointless("a")
    waiting.note(failed("a"))
    assert waiting.is_pointless("a")
    assert waiting.is_pointless("b")
    assert waiting.reason(waiting.challenge.step("c")).startswith("Waits for the step a:")


def test_a_failure_ends_no_checks_that_another_wanted_step_needs() -> None:
    waiting = Waiting(five_steps(), frozenset({"b", "y"}))
    waiting.note(failed("a"))
    assert waiting.is_pointless("a")
    assert not waiting.is_pointless("x")


def test_checks_that_were_asked_for_are_never_pointless() -> None:
    waiting = Waiting(five_steps(), frozenset({"a", "b"}))
    waiting.note(failed("a"))
    assert not waiting.is_pointless("a")
    assert not waiting.is_pointless("b")
