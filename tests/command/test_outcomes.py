"""What a run finds for stubs, for the solution, and for everything in between."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.challenge import Challenge
from grader.verdict import Outcome
from tests.command.conftest import ROOT, STEPS, Run
from tests.submissions import SharedChild

CHALLENGE, SOLUTION = ROOT / "challenges" / "challenge5", ROOT / "solutions" / "challenge5"
Outcomes = dict[str, set[Outcome]]


@pytest.fixture(scope="module")
def child() -> Iterator[SharedChild]:
    shared = SharedChild()
    yield shared
    shared.close()


def outcomes_with(filled: set[str], folder: Path, child: SharedChild) -> Outcomes:
    """Grade the stubs with these steps filled in."""
    shutil.copytree(CHALLENGE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for step in filled:
        shutil.copy(SOLUTION / f"{step}.py", folder)
    found: Outcomes = {}
    for result in child.grade_checks(folder).values():
        found.setdefault(result.step, set()).add(result.outcome)
    return found


def test_every_check_of_untouched_stubs_is_to_do(stubs_as_json: Run) -> None:
    assert stubs_as_json.outcomes() == {step: {"todo"} for step in STEPS}


def test_untouched_stubs_do_not_pass(stubs: Run) -> None:
    assert stubs.status == 1


def test_untouched_stubs_show_the_first_hint_of_the_first_step(stubs: Run, challenge: Challenge) -> None:
    assert challenge.steps[0].hints[0] in re.sub(r"\s+", " ", stubs.output)


def test_untouched_stubs_name_the_file_and_line_to_begin_with(stubs: Run) -> None:
    assert re.search(r"^where +log_softmax\.py:\d+$", stubs.output, re.MULTILINE)


def test_untouched_stubs_are_said_to_be_to_do_once_a_step(stubs: Run) -> None:
    assert stubs.output.count("  Still to do: ") == len(STEPS)


@pytest.mark.parametrize("step", STEPS[:-1])
def test_filling_one_stub_turns_its_step_green_and_nothing_else(step: str, tmp_path: Path, child: SharedChild) -> None:
    expected = {name: {Outcome.PASSED if name == step else Outcome.TODO} for name in STEPS}
    assert outcomes_with({step}, tmp_path, child) == expected


def test_training_turns_green_when_the_other_four_are(tmp_path: Path, child: SharedChild) -> None:
    before = outcomes_with(set(STEPS[:-1]), tmp_path, child)
    after = outcomes_with(set(STEPS), tmp_path, child)
    assert Outcome.TODO in before["training"]
    assert after["training"] == {Outcome.PASSED}


def test_training_alone_is_not_run_and_names_what_it_waits_for(tmp_path: Path, child: SharedChild) -> None:
    assert outcomes_with({"training"}, tmp_path, child)["training"] == {Outcome.NOT_RUN}
    messages = {r.message for r in child.grade_checks(tmp_path).values() if r.step == "training"}
    assert messages == {"Waits for the step log_softmax: its checks must pass first."}


def test_the_solution_passes(solution_as_json: Run) -> None:
    assert (solution_as_json.status, solution_as_json.json["passed"]) == (0, True)


def test_each_way_to_fail_has_its_outcome(mixed_as_json: Run) -> None:
    found = mixed_as_json.outcomes()
    assert found["final_token_loss"] == {"error"}
    assert found["devices"] == {"todo"}
    assert found["attention"] == {"crashed"}
    assert found["training"] == {"not_run"}
    assert found["log_softmax"] >= {"failed"}


def test_a_crash_costs_no_other_check(mixed_as_json: Run, solution_as_json: Run) -> None:
    ids = [check["id"] for check in mixed_as_json.json["checks"]]
    assert ids == [check["id"] for check in solution_as_json.json["checks"]]


def test_only_may_be_repeated_and_grades_nothing_else(checks_of_two_steps: Run) -> None:
    assert checks_of_two_steps.outcomes() == {"log_softmax": {"passed"}, "devices": {"passed"}}


def test_a_step_named_twice_is_graded_once(checks_of_two_steps: Run) -> None:
    ids = [check["id"] for check in checks_of_two_steps.json["checks"]]
    assert len(ids) == len(set(ids))


def test_single_steps_are_no_full_pass(checks_of_two_steps: Run) -> None:
    assert (checks_of_two_steps.status, checks_of_two_steps.json["passed"]) == (1, False)


def test_leaving_the_smoke_test_out_is_no_full_pass(solution_without_smoke: Run) -> None:
    assert solution_without_smoke.status == 1
    assert "Not a full pass, because of --no-smoke." in solution_without_smoke.output


def test_another_draw_of_examples_changes_nothing_for_the_solution(solution_without_smoke: Run) -> None:
    marks = set(
        re.findall(r"^  (passed|failed|error|timeout|crashed|to do|not run)", solution_without_smoke.output, re.M)
    )
    assert marks == {"passed"}
