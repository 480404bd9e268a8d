"""A challenge from elsewhere goes through every part of the command: the core knows no challenge by name."""

from __future__ import annotations

import shutil

import pytest

from grader.challenge import load_challenge
from grader.submission.isolation import choose_isolation
from tests.verify.conftest import Course, Grade

OPEN_HIDDEN = '''"""Reads what it must not see."""


def mean(values):
    with open({path!r}) as file:
        return file.read()
'''


def solve(course: Course, *steps: str) -> None:
    for step in steps:
        shutil.copy(course.solution / f"{step}.py", course.stubs)


def test_its_stubs_are_to_do(grade: Grade, untouched: Course) -> None:
    run = grade(untouched, "toy", "--format", "json")
    assert run.status == 1
    assert run.outcomes() == {"mean": {"todo"}, "centre": {"todo"}}


def test_its_solution_is_a_full_pass(grade: Grade, untouched: Course) -> None:
    run = grade(untouched, "toy", "--solution", "--format", "json")
    assert run.status == 0
    assert run.outcomes() == {"mean": {"passed"}, "centre": {"passed"}}
    assert run.json["smoke"]["outcome"] == "passed"


def test_without_a_smoke_test_the_checks_are_a_full_pass(grade: Grade, course: Course) -> None:
    (course.checks / "smoke.py").unlink()
    run = grade(course, "toy", "--solution", "--format", "json")
    assert (run.status, run.json["passed"], run.json["smoke"]) == (0, True, None)


def test_its_mistakes_are_named(grade: Grade, course: Course) -> None:
    shutil.copy(course.mistakes / "mean" / "sum_of_each_row.py", course.stubs / "mean.py")
    run = grade(course, "toy", "--format", "json")
    (check,) = [check for check in run.json["checks"] if check["step"] == "mean"]
    assert (check["outcome"], check["mistake"]) == ("failed", "sum_of_each_row")


def test_its_second_step_waits_for_the_first(grade: Grade, course: Course) -> None:
    solve(course, "centre")
    outcomes = grade(course, "toy", "--format", "json").outcomes()
    assert outcomes == {"mean": {"todo"}, "centre": {"not_run"}}


def test_hints_are_given_for_the_first_open_step(grade: Grade, course: Course) -> None:
    solve(course, "mean")
    grade(course, "toy")
    assert grade(course, "hint", "toy", "centre", "--all").output.count("centre, hint") == 3
    assert "centre" in grade(course, "hint", "toy").output


def test_the_list_shows_how_far_a_learner_is(grade: Grade, course: Course) -> None:
    solve(course, "mean")
    grade(course, "toy")
    listed = grade(course, "list")
    assert "  1 of 2 steps pass" in listed.output
    assert listed.status == 0


def test_only_the_named_folder_of_challenges_is_known(grade: Grade, untouched: Course) -> None:
    run = grade(untouched, "challenge5")
    assert run.status == 2
    assert "Challenges: toy" in run.errors


@pytest.mark.parametrize("isolation", ["process", "bwrap"])
def test_a_learner_cannot_read_its_hidden_folder(grade: Grade, course: Course, isolation: str) -> None:
    try:
        choose_isolation(isolation)
    except Exception as reason:
        pytest.skip(str(reason))
    hidden = str(course.checks / "challenge.toml")
    (course.stubs / "mean.py").write_text(OPEN_HIDDEN.format(path=hidden), encoding="utf-8")
    run = grade(course, "toy", "--isolation", isolation, "--format", "json")
    (check,) = [check for check in run.json["checks"] if check["step"] == "mean"]
    assert (check["outcome"], hidden in check["message"]) == ("error", True)
    assert "FileNotFoundError" in check["message"] or "PermissionError" in check["message"]


def test_hidden_files_import_each_other_under_the_name_of_their_challenge(
    untouched: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FINE_DROPOUT_CHECKS", str(untouched.checks_folder))
    assert load_challenge("toy").folder == untouched.checks_folder / "toy"
