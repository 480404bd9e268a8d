"""Every right answer passes every check, however strange it is.

The answers are graded in mixes, the n-th answer of each column together, so that strange answers also meet each other.
A step is graded in every mix that holds a new answer of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.verdict import Outcome
from tests.challenge5.conftest import GradeChecks
from tests.challenge5.right_answers import COLUMNS, INFERENCE_MODE, RIGHT_ANSWERS
from tests.submissions import SOLUTIONS, Answer, summary, together, write_submission

MIXES = range(max(map(len, COLUMNS)))


def mix(number: int) -> list[Answer]:
    """The answers of one submission; a column with fewer answers than there are mixes starts again."""
    return [column[number % len(column)] for column in COLUMNS]


def new_in(number: int) -> list[Answer]:
    return [column[number] for column in COLUMNS if number < len(column)]


@pytest.mark.parametrize("number", MIXES, ids=lambda number: " + ".join(answer.name for answer in new_in(number)))
def test_a_mix_of_right_answers_passes_every_check(number: int, tmp_path: Path, grade_checks: GradeChecks) -> None:
    folder = write_submission(tmp_path, together(mix(number)))
    results = grade_checks(folder, only=frozenset(answer.step for answer in new_in(number)))
    not_passed = {check: result for check, result in results.items() if result.outcome is not Outcome.PASSED}
    assert not not_passed, summary(not_passed)


@pytest.mark.parametrize("number", range(max(map(len, COLUMNS[:-2]))))
def test_every_right_answer_can_be_evaluated_in_inference_mode(
    number: int, tmp_path: Path, grade_checks: GradeChecks
) -> None:
    *all_but_training, _, _ = mix(number)
    folder = write_submission(tmp_path, together([*all_but_training, INFERENCE_MODE]))
    results = grade_checks(folder, only=frozenset({INFERENCE_MODE.step}))
    not_passed = {check: result for check, result in results.items() if result.outcome is not Outcome.PASSED}
    assert not not_passed, summary(not_passed)


@pytest.mark.parametrize("answer", RIGHT_ANSWERS, ids=lambda answer: f"{answer.step}: {answer.name}")
def test_a_right_answer_differs_from_the_solution(answer: Answer) -> None:
    assert answer.files()[answer.file] != (SOLUTIONS / "challenge5" / answer.file).read_text(encoding="utf-8")


def test_the_solution_itself_passes_every_check(grade_checks: GradeChecks, tmp_path: Path) -> None:
    results = grade_checks(write_submission(tmp_path, {}))
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}, summary(results)
