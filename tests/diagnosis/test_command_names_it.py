"""The real command names a known mistake, in the report and in the JSON, with its explanation and a hint that fits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.challenge import Challenge
from grader.mistakes import Mistake, load_mistakes
from tests.submissions import Answer, write_submission

ROOT = Path(__file__).resolve().parents[2]
STEP = "final_token_loss"
ALL_POSITIONS = "return F.cross_entropy(logits.transpose(1, 2), targets)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    answer = Answer("all positions", f"{STEP}.py", bodies={STEP: ALL_POSITIONS})
    return write_submission(tmp_path_factory.mktemp("own") / "own", answer.files())


@pytest.fixture(scope="module")
def mistake(challenge: Challenge) -> Mistake:
    return next(known for known in load_mistakes(challenge) if (known.step, known.name) == (STEP, "all_positions"))


def grade(folder: Path, *options: str) -> str:
    """Grade the step; return what the command prints."""
    own = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(folder.parent / "state"), "COLUMNS": "80"}
    command = [sys.executable, "-m", "grader", "challenge5", str(folder), "--only", STEP, *options]
    done = subprocess.run(
        command, cwd=folder.parent, env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def test_the_json_names_it(folder: Path, mistake: Mistake, challenge: Challenge) -> None:
    checks = json.loads(grade(folder, "--format", "json"))["checks"]
    named = [check for check in checks if check["outcome"] != "passed"]
    assert {check["mistake"] for check in named} == {"all_positions"}
    assert {check["mistake"] for check in checks if check["outcome"] == "passed"} == {None}
    for text in (mistake.title, mistake.explanation, challenge.step(STEP).hints[mistake.hint - 1]):
        assert all(text in check["message"] for check in named)


def test_the_report_explains_it(folder: Path, mistake: Mistake, challenge: Challenge) -> None:
    report = " ".join(grade(folder, "--format", "plain").split())
    assert f"{mistake.title} {mistake.explanation}" in report
    assert challenge.step(STEP).hints[mistake.hint - 1] in report
