"""Every right answer passes every check, however strange it is.

The answers are graded in mixes, the n-th answer of each step together, so that each of them meets all checks.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.verdict import CheckResult, Outcome
from tests.challenge5.conftest import GradeChecks
from tests.challenge5.right_answers import BY_STEP, RIGHT_ANSWERS
from tests.submissions import SOLUTIONS, Answer, summary, write_submission

MIXES = max(len(answers) for answers in BY_STEP)
GradeMix = Callable[[int], dict[str, CheckResult]]


def mix(number: int) -> list[Answer]:
    """The answers of one submission; steps with fewer answers than there are mixes start again."""
    return [answers[number % len(answers)] for answers in BY_STEP]


@pytest.fixture(scope="module")
def grade_mix(grade_checks: GradeChecks, tmp_path_factory: pytest.TempPathFactory) -> GradeMix:
    """Grades a mix once, however often it is asked for."""

    @functools.cache
    def grade(number: int) -> dict[str, CheckResult]:
        files = {name: text for answer in mix(number) for name, text in answer.files().items()}
        return grade_checks(write_submission(tmp_path_factory.mktemp("mix"), files))

    return grade


@pytest.mark.parametrize("number", range(MIXES), ids=lambda number: f"mix {number}: {mix(number)[-1].name}")
def test_a_mix_of_right_answers_passes_every_check(number: int, grade_mix: GradeMix) -> None:
    results = grade_mix(number)
    not_passed = {check: result for check, result in results.items() if result.outcome is not Outcome.PASSED}
    assert not not_passed, f"{[answer.name for answer in mix(number)]}\n{summary(not_passed)}"


def test_every_right_answer_is_in_a_mix_and_differs_from_the_solution() -> None:
    assert {id(answer) for number in range(MIXES) for answer in mix(number)} == set(map(id, RIGHT_ANSWERS))
    for answer in RIGHT_ANSWERS:
        assert answer.files()[answer.file] != (SOLUTIONS / "challenge5" / answer.file).read_text(), answer.name


def test_the_solution_itself_passes_every_check(grade_checks: GradeChecks, tmp_path: Path) -> None:
    results = grade_checks(write_submission(tmp_path, {}))
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}, summary(results)
