"""Every wrong answer is caught by the checks that it names, and every check catches at least one."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.verdict import Outcome
from tests.challenge5.conftest import GradeChecks
from tests.challenge5.wrong_answers import WRONG_ANSWERS
from tests.challenge5.wrong_answers.wrong_answer import WrongAnswer
from tests.submissions import SOLUTIONS, summary, write_submission


def wrong_id(wrong: WrongAnswer) -> str:
    return f"{wrong.step}: {wrong.name}"


@pytest.mark.parametrize("wrong", WRONG_ANSWERS, ids=wrong_id)
def test_a_wrong_answer_is_caught_by_the_checks_it_names(
    wrong: WrongAnswer, tmp_path: Path, grade_checks: GradeChecks
) -> None:
    folder = write_submission(tmp_path, wrong.answer.files())
    results = grade_checks(folder, checks=wrong.check_ids)
    found = {check: result.outcome for check, result in results.items()}
    assert found == dict.fromkeys(wrong.check_ids, wrong.outcome), summary(results)


def test_every_check_catches_a_wrong_answer(grade_checks: GradeChecks) -> None:
    caught = {check for wrong in WRONG_ANSWERS for check in wrong.check_ids}
    results = grade_checks(SOLUTIONS / "challenge5")
    assert results.keys() - caught == set()


def test_no_two_wrong_answers_have_one_name() -> None:
    names = [wrong_id(wrong) for wrong in WRONG_ANSWERS]
    assert len(names) == len(set(names))


def test_every_wrong_answer_names_a_check_that_must_not_pass() -> None:
    assert all(wrong.caught_by for wrong in WRONG_ANSWERS)
    assert {wrong.outcome for wrong in WRONG_ANSWERS} <= {Outcome.FAILED, Outcome.ERROR}
