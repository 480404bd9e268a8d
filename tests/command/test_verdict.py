"""The rule of the verdict: whatever is not a full pass is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.verdict import STOPPED, CheckResult, Outcome, SmokeResult, Verdict


def passed_check(name: str) -> CheckResult:
    return CheckResult(f"step.{name}", "step", "A title", Outcome.PASSED, examples=1)


FULL = Verdict(
    challenge="toy",
    expected=("step.one", "step.two"),
    checks=(passed_check("one"), passed_check("two")),
    smoke=SmokeResult(Outcome.PASSED),
)
NOT_GREEN = [outcome for outcome in Outcome if outcome is not Outcome.PASSED]


def test_every_check_and_the_smoke_test_make_a_pass() -> None:
    assert FULL.passed


def test_the_order_of_the_checks_does_not_matter() -> None:
    assert replace(FULL, checks=FULL.checks[::-1]).passed


def test_a_missing_check_is_no_pass() -> None:
    assert not replace(FULL, checks=FULL.checks[:1]).passed


def test_a_doubled_check_is_no_pass() -> None:
    assert not replace(FULL, checks=(*FULL.checks, FULL.checks[0])).passed


def test_a_doubled_check_in_place_of_another_is_no_pass() -> None:
    assert not replace(FULL, checks=(FULL.checks[0], FULL.checks[0])).passed


def test_an_unknown_extra_check_is_no_pass() -> None:
    assert not replace(FULL, checks=(*FULL.checks, passed_check("unheard_of"))).passed


def test_a_check_that_was_failed_and_then_passed_is_no_pass() -> None:
    failed = replace(FULL.checks[0], outcome=Outcome.FAILED)
    assert not replace(FULL, checks=(failed, *FULL.checks)).passed


@pytest.mark.parametrize("outcome", NOT_GREEN)
def test_a_check_that_is_not_green_is_no_pass(outcome: Outcome) -> None:
    assert not replace(FULL, checks=(FULL.checks[0], replace(FULL.checks[1], outcome=outcome))).passed


@pytest.mark.parametrize("outcome", NOT_GREEN)
def test_a_smoke_test_that_is_not_green_is_no_pass(outcome: Outcome) -> None:
    assert not replace(FULL, smoke=SmokeResult(outcome)).passed


def test_a_left_out_smoke_test_is_no_pass() -> None:
    assert not replace(FULL, smoke=None).passed


@pytest.mark.parametrize("reason", ["--no-smoke", "--only attention", STOPPED])
def test_anything_left_out_is_no_pass(reason: str) -> None:
    assert not replace(FULL, left_out=(reason,)).passed
