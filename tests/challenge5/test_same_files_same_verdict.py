"""The same files get the same verdict, down to the counterexample, even where the answer is random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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


def test_the_solution_passes_where_the_largest_of_all_seeds_is_drawn(tmp_path: Path, grade_checks: GradeChecks) -> None:
    results = grade_checks(write_submission(tmp_path, {}), only=frozenset({"attention"}), seed=284951)
    assert {result.outcome for result in results.values()} == {Outcome.PASSED}, summary(results)
