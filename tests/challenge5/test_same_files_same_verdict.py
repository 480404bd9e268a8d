"""The same files get the same verdict, down to the counterexample, even where the answer is random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from grader.verdict import Outcome
from tests.challenge5.conftest import GradeChecks
from tests.submissions import Answer, summary, write_submission

ALWAYS_DROPS = Answer("dropout always", "attention.py", edits={" if self.training else 0.0": ""})


def test_a_wrong_answer_that_draws_random_numbers_fails_in_the_same_way_each_time(
    tmp_path: Path, grade_checks: GradeChecks
) -> None:
    folder = write_submission(tmp_path, ALWAYS_DROPS.files())
    only = frozenset({"attention"})
    first, second = (
        [replace(result, seconds=0.0) for result in grade_checks(folder, only=only).values()] for _ in range(2)
    )
    assert first == second
    assert any(result.outcome is Outcome.FAILED for result in first)


# Seeds that drew what almost no other does, and with which the solution once failed: the largest of all seeds, after
# which there is none; weights for which a norm divides by almost nothing, so that float32 loses more than elsewhere.
@pytest.mark.parametrize(("step", "seed"), [("attention", 284951), ("training", 953250)])
def test_the_solution_passes_with_a_rare_draw(step: str, seed: int, tmp_path: Path, grade_checks: GradeChecks) -> None:
    results = grade_checks(write_submission(tmp_path, {}), only=frozenset({step}), seed=seed)
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}, summary(results)
