"""The JSON object is a contract: exactly these keys, alone on the output, the same for the same files."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from grader.report.json_report import as_json
from grader.verdict import CheckResult, Outcome, SmokeResult, Verdict
from tests.command.conftest import Grade, Run

KEYS = ["schema", "challenge", "passed", "checks", "smoke", "environment"]
CHECK_KEYS = (
    ["id", "step", "title", "outcome", "message", "counterexample", "mistake", "location", "examples", "seconds"]
)  # fmt: skip
SMOKE_KEYS = ["outcome", "message", "steps", "train_loss", "test_loss", "seconds"]
RUNS = ["stubs_as_json", "mixed_as_json", "solution_as_json", "checks_of_two_steps"]
OUTCOMES = {str(outcome) for outcome in Outcome}


@pytest.fixture(params=RUNS)
def run(request: pytest.FixtureRequest) -> Run:
    found: Run = request.getfixturevalue(request.param)
    return found


def without_seconds(report: dict[str, Any]) -> dict[str, Any]:
    report = copy.deepcopy(report)
    for timed in (*report["checks"], report["smoke"] or {}):
        timed.pop("seconds", None)
    return report


def test_one_object_and_nothing_else_is_written(run: Run) -> None:
    report, end = json.JSONDecoder().raw_decode(run.output)
    assert isinstance(report, dict)
    assert (run.output[end:], run.errors) == ("\n", "")


def test_the_keys_are_those_of_the_contract(run: Run) -> None:
    assert list(run.json) == KEYS
    assert (run.json["schema"], run.json["challenge"]) == (1, "challenge5")


def test_the_keys_of_a_check_are_those_of_the_contract(run: Run) -> None:
    assert all(list(check) == CHECK_KEYS for check in run.json["checks"])


def test_the_values_of_a_check_have_the_types_of_the_contract(run: Run) -> None:
    for check in run.json["checks"]:
        assert check["outcome"] in OUTCOMES
        assert all(isinstance(check[key], str) for key in ("id", "step", "title", "message", "counterexample"))
        assert all(check[key] is None or isinstance(check[key], str) for key in ("mistake", "location"))
        assert isinstance(check["examples"], int)
        assert check["seconds"] >= 0


def test_the_id_of_a_check_begins_with_its_step(run: Run) -> None:
    assert all(check["id"].startswith(check["step"] + ".") for check in run.json["checks"])


def test_the_place_of_a_check_is_a_file_and_a_line(run: Run) -> None:
    places = {check["location"] for check in run.json["checks"] if check["location"] is not None}
    assert all(re.fullmatch(r"\w+\.py(:\d+)?", place) for place in places)


def test_the_environment_says_versions_and_isolation(run: Run) -> None:
    assert set(run.json["environment"]) == {"python", "torch", "grader", "isolation"}
    assert all(run.json["environment"].values())


def test_a_smoke_test_that_was_left_out_is_null(checks_of_two_steps: Run) -> None:
    assert checks_of_two_steps.json["smoke"] is None


def test_a_smoke_test_that_waits_is_not_run_and_says_for_what(stubs_as_json: Run) -> None:
    smoke = stubs_as_json.json["smoke"]
    assert list(smoke) == SMOKE_KEYS
    assert smoke["outcome"] == "not_run"
    assert "log_softmax" in smoke["message"]


def test_a_smoke_test_reports_every_step_and_every_evaluation(solution_as_json: Run) -> None:
    smoke = solution_as_json.json["smoke"]
    assert list(smoke) == SMOKE_KEYS
    assert len(smoke["train_loss"]) == smoke["steps"]
    assert [step for step, _ in smoke["test_loss"]] == list(range(0, smoke["steps"] + 1, 80))


def test_a_failure_shows_what_was_tried_expected_and_returned(mixed_as_json: Run) -> None:
    failure = mixed_as_json.json["checks"][0]
    assert re.search(r"^logits = .*^expected: .*^got: ", failure["counterexample"], re.MULTILINE | re.DOTALL)


def test_the_same_files_give_the_same_report_from_anywhere_in_the_project(
    grade: Grade, project: Path, solution_as_json: Run
) -> None:
    again = grade("challenge5", "--solution", "--format", "json", cwd=project / "challenges" / "challenge5")
    assert without_seconds(again.json) == without_seconds(solution_as_json.json)


def test_the_same_wrong_files_give_the_same_report(
    grade: Grade, project: Path, mixed_folder: Path, mixed_as_json: Run
) -> None:
    again = grade("challenge5", str(mixed_folder), "--format", "json", cwd=project)
    assert without_seconds(again.json) == without_seconds(mixed_as_json.json)


def test_losses_that_are_no_numbers_become_null() -> None:
    smoke = SmokeResult(Outcome.FAILED, train_loss=(float("nan"),), test_loss=((0, float("inf")),))
    report = as_json(Verdict("toy", (), (), smoke))
    assert (report["smoke"]["train_loss"], report["smoke"]["test_loss"]) == ([None], [[0, None]])


def test_half_a_surrogate_of_the_learners_is_replaced() -> None:
    check = CheckResult("a.b", "a", "A title", Outcome.ERROR, message="ValueError: \ud800")
    assert as_json(Verdict("toy", ("a.b",), (check,), None))["checks"][0]["message"] == "ValueError: ?"
