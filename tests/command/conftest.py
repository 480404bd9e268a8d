"""What the tests of the command share: a project of their own, the real command, and a few runs that many tests read.

A run costs seconds, so that it is done once and looked at by every test that it concerns.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.challenge import Challenge, load_challenge
from tests.submissions import Answer, write_submission

ROOT = Path(__file__).resolve().parents[2]
STEPS = ("log_softmax", "final_token_loss", "devices", "attention", "training")
RUN_SECONDS = 120  # a run takes under ten on an idle machine


@dataclass(frozen=True)
class Run:
    """One run of the command, over."""

    status: int
    output: str
    errors: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output)
        return found

    def outcomes(self) -> dict[str, set[str]]:
        """Return the outcomes of each step's checks."""
        found: dict[str, set[str]] = {}
        for check in self.json["checks"]:
            found.setdefault(check["step"], set()).add(check["outcome"])
        return found


Grade = Callable[..., Run]


def copy_project(folder: Path) -> Path:
    """Copy what a learner has: the challenges and the solutions, and nothing that was left in them."""
    for room in ("challenges", "solutions"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    return folder


def environment(scratch: Path, **changes: str) -> dict[str, str]:
    """Return an environment in which the command leaves nothing in the home folder, and knows no terminal's width."""
    unset = ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE",
             "FINE_DROPOUT_CHECKS")  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    own = {"XDG_STATE_HOME": str(scratch / "state"), "FINE_DROPOUT_CACHE": str(scratch / "cache")}
    return {**kept, "PYTHONPATH": str(ROOT), "TERM": "xterm", **own, **changes}


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def grade(scratch: Path) -> Grade:
    """Runs the real command in a folder, its output piped; keyword arguments change the environment."""

    def run(*arguments: str, cwd: Path, **changes: str) -> Run:
        done = subprocess.run(
            [sys.executable, "-m", "grader", *arguments],
            cwd=cwd,
            env=environment(scratch, **changes),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def challenge() -> Challenge:
    return load_challenge("challenge5")


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with untouched stubs. Tests that change one make a copy of their own."""
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def stubs(grade: Grade, project: Path) -> Run:
    return grade("challenge5", cwd=project)


@pytest.fixture(scope="session")
def stubs_as_json(grade: Grade, project: Path) -> Run:
    return grade("challenge5", "--format", "json", cwd=project)


@pytest.fixture(scope="session")
def solution_as_json(grade: Grade, project: Path) -> Run:
    """The whole run, smoke test included."""
    return grade("challenge5", "--solution", "--format", "json", cwd=project)


@pytest.fixture(scope="session")
def checks_of_two_steps(grade: Grade, project: Path) -> Run:
    options = ("--only", "log_softmax", "--only", "devices", "--only", "log_softmax")
    return grade("challenge5", "--solution", *options, "--format", "json", cwd=project)


@pytest.fixture(scope="session")
def solution_without_smoke(grade: Grade, project: Path) -> Run:
    return grade("challenge5", "--solution", "--no-smoke", "--seed", "7", cwd=project)


MIXED = {
    "log_softmax.py": Answer("raw logits", "log_softmax.py", bodies={"log_softmax": "return logits"}),
    "final_token_loss.py": Answer(
        "half a surrogate in an error",
        "final_token_loss.py",
        bodies={"final_token_loss": r'raise ValueError("[/] [bold] \x1b[2J \ud800 日本語" + "x" * 200)'},
    ),
    "attention.py": Answer(
        "ends its process",
        "attention.py",
        bodies={"forward": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"},
    ),
}


@pytest.fixture(scope="session")
def mixed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A submission whose steps end in every way: failed, error, todo, crashed, not run."""
    files = {name: text for answer in MIXED.values() for name, text in answer.files().items()}
    files["devices.py"] = (ROOT / "challenges" / "challenge5" / "devices.py").read_text(encoding="utf-8")
    return write_submission(tmp_path_factory.mktemp("mixed"), files)


@pytest.fixture(scope="session")
def mixed_as_json(grade: Grade, project: Path, mixed_folder: Path) -> Run:
    return grade("challenge5", str(mixed_folder), "--format", "json", cwd=project)


@pytest.fixture(scope="session")
def mixed(grade: Grade, project: Path, mixed_folder: Path) -> Run:
    """The same as plain lines of 40 columns, from outside the project."""
    return grade("challenge5", mixed_folder.name, cwd=mixed_folder.parent, COLUMNS="40")
