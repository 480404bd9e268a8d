"""Challenge 5 holds together: every known mistake is named, and no mutant of the solution lives without an excuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command.conftest import ROOT, environment
from tests.verify.conftest import SLOW_SECONDS

LEAST_MISTAKES = 50


@pytest.fixture(scope="module")
def parts(scratch: Path) -> dict[str, Any]:
    """What `grade verify challenge5` finds in this repository, by part."""
    done = subprocess.run(
        [sys.executable, "-m", "grader", "verify", "challenge5", "--format", "json"],
        cwd=ROOT,
        env=environment(scratch, FINE_DROPOUT_CHECKS=""),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SLOW_SECONDS,
        check=False,
    )
    assert done.returncode in (os.EX_OK, 1), done.stderr
    return {part["part"]: part for part in json.loads(done.stdout)["challenges"][0]["parts"]}


@pytest.mark.parametrize("part", ["hints", "files", "hidden", "stubs", "solution", "mistakes", "mutants"])
def test_it_holds(part: str, parts: dict[str, Any]) -> None:
    assert [row for row in parts[part]["rows"] if not row["holds"]] == []
    assert parts[part]["rows"] != []


def test_its_catalogue_covers_every_step(parts: dict[str, Any]) -> None:
    mistakes = [row["subject"] for row in parts["mistakes"]["rows"]]
    assert len(mistakes) >= LEAST_MISTAKES
    steps = {"log_softmax", "final_token_loss", "devices", "attention", "training"}
    assert {mistake.split("/")[0] for mistake in mistakes} == steps
