"""Right answers are never harmed: however unusual, they pass every check behind every wall, with the default limits."""

from __future__ import annotations

import pytest

from tests.hostile.conftest import Finder
from tests.hostile.hand_in import ISOLATIONS, HandIn
from tests.hostile.unusual import SUBMISSIONS, UNUSUAL, files_of
from tests.submissions import Answer

WITH_SMOKE_TEST = (0, 3, 6)  # these print much, log, and use PyTorch's own threads: what may go wrong in a long run


def name_of(answers: list[Answer]) -> str:
    return " + ".join(answer.name for answer in answers)


RUNS = [
    HandIn(name_of(answers), isolation, files_of(answers), smoke=number in WITH_SMOKE_TEST)
    for isolation in ISOLATIONS
    for number, answers in enumerate(SUBMISSIONS)
]
each_run = pytest.mark.parametrize("run", [pytest.param(run, id=f"{run.isolation}: {run.name}") for run in RUNS])


@each_run
def test_unusual_right_answers_pass_every_check(run: HandIn, finished: Finder) -> None:
    end = finished(run)
    assert {check["outcome"] for check in end.checks.values()} == {"passed"}, end.described()
    assert end.watched.errors == ""


@pytest.mark.parametrize("run", [pytest.param(run, id=f"{run.isolation}: {run.name}") for run in RUNS if run.smoke])
def test_unusual_right_answers_pass_the_whole_run(run: HandIn, finished: Finder) -> None:
    end = finished(run)
    assert end.report["smoke"]["outcome"] == "passed", end.report["smoke"]
    assert (end.watched.status, end.report["passed"]) == (0, True), end.described()


@each_run
def test_they_leave_nothing_behind(run: HandIn, finished: Finder) -> None:
    end = finished(run)
    assert (end.watched.left, end.changed) == ([], [])


def test_there_are_many_of_them_and_no_two_have_one_name() -> None:
    names = [answer.name for answer in UNUSUAL]
    assert len(names) == len(set(names)) >= 25
