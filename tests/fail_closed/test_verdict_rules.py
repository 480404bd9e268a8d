"""A pass needs every expected check, each with all of its examples: what falls short is no verdict, or no pass.

The checks of these tests are written into a folder of their own; the child that they ask doubles every number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from grader.challenge import Challenge, Limits, Step
from grader.checking.runner import run_checks
from grader.errors import GraderError
from grader.verdict import CheckResult, Outcome, SmokeResult, Verdict
from tests.fail_closed.made_up_child import reply_with, submission_of
from tests.fail_closed.perturbing import Reply

HEADER = """\
import pytest
from hypothesis import strategies as st
from grader.checking import check, expect_equal

"""
DOUBLES = '''
@check(of="double:double", examples=5, n=st.integers(-1000, 1000))
def test_doubles(function, n):
    """Twice the number comes back"""
    expect_equal(function(n), 2 * n, "This is not twice the number.")
'''
Run = Callable[..., Verdict]


def doubling(message: dict[str, Any]) -> Reply:
    asked = message["requests"][-1]
    return reply_with(message, {"value": 2 * asked["args"][0]} if asked["do"] == "call" else None)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run_these(checks: str, answering: Callable[[dict[str, Any]], Reply] = doubling) -> Verdict:
        (tmp_path / "test_double.py").write_text(HEADER + dedent(checks), encoding="utf-8")
        challenge = Challenge("toy", "A toy", (Step("double", "Double it", ("Multiply.",)),), Limits(), tmp_path)
        expected, results = run_checks(challenge, submission_of(answering))
        return Verdict("toy", expected, results, SmokeResult(Outcome.PASSED))

    return run_these


def test_a_check_that_runs_all_its_examples_passes(run: Run) -> None:
    verdict = run(DOUBLES)
    assert verdict.passed
    assert verdict.checks[0].examples == 5


FEWER = {
    "two of five, because there are no more": """
        @check(of="double:double", examples=5, flag=st.booleans())
        def test_flags(function, flag):
            "Flags"
        """,
    "one of two, because the other was not counted": """
        @check(of="double:double", examples=2)
        def test_counts(trial):
            "Counts"
            trial.count()
        """,
    "none, because they were all turned down": """
        from hypothesis import assume
        @check(of="double:double", examples=5, n=st.integers())
        def test_assumes(function, n):
            "Assumes"
            assume(False)
        """,
}


@pytest.mark.parametrize("checks", FEWER.values(), ids=FEWER)
def test_fewer_examples_than_a_pass_needs_are_no_verdict(checks: str, run: Run) -> None:
    with pytest.raises(GraderError, match="is broken"):
        run(checks)


LEFT_OUT = {
    "skipped by a mark": '@pytest.mark.skip(reason="not today")\n',
    "skipped on a condition": '@pytest.mark.skipif(True, reason="not today")\n',
}


@pytest.mark.parametrize("mark", LEFT_OUT.values(), ids=LEFT_OUT)
def test_a_check_that_pytest_leaves_out_is_missing_and_no_pass(mark: str, run: Run) -> None:
    verdict = run(DOUBLES + "\n\n" + mark + DOUBLES.strip().replace("test_doubles", "test_skipped"))
    assert [result.id for result in verdict.checks] == ["double.doubles"]
    assert not verdict.passed


BROKEN = {
    "there is no check": "",
    "the file cannot be imported": "import no_such_module",
    "a check skips itself": '@check(of="double:double")\ndef test_skips():\n    "Skips"\n    pytest.skip("no")\n',
    "a check asks for what there is not": '@check(of="double:double")\ndef test_asks(unheard_of):\n    "Asks"\n',
    "a check has an error": '@check(of="double:double")\ndef test_divides():\n    "Divides"\n    1 / 0\n',
    "a check asserts instead of expecting": '@check(of="double:double")\ndef test_asserts():\n    "A"\n    assert 0\n',
    "a check leaves": '@check(of="double:double")\ndef test_leaves():\n    "Leaves"\n    raise SystemExit(0)\n',
}


@pytest.mark.parametrize("checks", BROKEN.values(), ids=BROKEN)
def test_broken_checks_are_no_verdict(checks: str, run: Run) -> None:
    with pytest.raises(GraderError):
        run(checks)


def test_two_challenges_in_one_process_each_have_their_own_checks(run: Run, tmp_path: Path) -> None:
    """...though their files are called the same."""
    assert run(DOUBLES).checks
    other = tmp_path / "other"
    other.mkdir()
    (other / "test_double.py").write_text(HEADER + DOUBLES.replace("test_doubles", "test_other"), encoding="utf-8")
    challenge = Challenge("other", "Another", (Step("double", "Double it", ("Multiply.",)),), Limits(), other)
    assert run_checks(challenge, submission_of(doubling))[0] == ("double.other",)


def test_a_wrong_answer_to_one_example_of_all_is_no_pass(run: Run) -> None:
    calls = []

    def wrong_once(message: dict[str, Any]) -> Reply:
        calls.append(message)
        return reply_with(message, {"value": 0.5}) if len(calls) == 5 else doubling(message)

    verdict = run(DOUBLES, wrong_once)
    assert verdict.checks[0].outcome is Outcome.FAILED


GREEN = CheckResult("double.doubles", "double", "Twice", Outcome.PASSED, examples=5)
FULL = Verdict("toy", ("double.doubles",), (GREEN,), SmokeResult(Outcome.PASSED))


@pytest.mark.parametrize("outcome", ["passed", "PASSED", "ok", "", None, True, 1], ids=repr)
def test_an_outcome_that_is_unknown_is_no_pass(outcome: Any) -> None:
    assert not replace(FULL, checks=(replace(GREEN, outcome=outcome),)).passed
    assert not replace(FULL, smoke=SmokeResult(outcome)).passed


def test_a_run_of_which_nothing_was_expected_is_no_pass() -> None:
    assert not replace(FULL, expected=(), checks=()).passed
