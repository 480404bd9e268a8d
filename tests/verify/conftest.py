"""What the tests of `grade verify` share: a project with the toy challenge, and the real command on it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.command.conftest import ROOT, Run, environment

TOY = ROOT / "tests" / "toy"
SLOW_SECONDS = 1800  # for a run that takes minutes on an idle machine


@dataclass(frozen=True)
class Course:
    """A project with one challenge, whose hidden part lies elsewhere, as a course author may keep it."""

    project: Path
    checks_folder: Path

    @property
    def stubs(self) -> Path:
        return self.project / "challenges" / "toy"

    @property
    def solution(self) -> Path:
        return self.project / "solutions" / "toy"

    @property
    def checks(self) -> Path:
        return self.checks_folder / "toy"

    @property
    def mistakes(self) -> Path:
        return self.checks / "mistakes"

    def edit(self, path: Path, old: str, new: str) -> None:
        """Replace what must stand in the file exactly once, so that no change is lost unnoticed."""
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        path.write_text(text.replace(old, new), encoding="utf-8")


@dataclass(frozen=True)
class Verified:
    """What a verification as JSON came to."""

    run: Run

    def parts(self, challenge: str = "toy") -> dict[str, dict[str, Any]]:
        (found,) = [entry for entry in self.run.json["challenges"] if entry["challenge"] == challenge]
        return {part["part"]: part for part in found["parts"]}

    def rows(self, part: str, *, holding: bool | None = None) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.parts()[part]["rows"]
        return [row for row in rows if holding is None or row["holds"] is holding]

    def short(self, challenge: str = "toy") -> set[str]:
        """Return the names of the parts that fall short."""
        return {name for name, part in self.parts(challenge).items() if not part["holds"]}

    def messages(self, part: str) -> str:
        """Return what is said of the rows of a part that fall short."""
        return "\n".join(f"{row['subject']}: {row['message']}" for row in self.rows(part, holding=False))


Grade = Callable[..., Run]
Verify = Callable[..., Verified]


def copy_toy(folder: Path) -> Course:
    for room in ("challenges", "solutions"):
        shutil.copytree(TOY / room, folder / "project" / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(TOY / "checks", folder / "hidden", ignore=shutil.ignore_patterns("__pycache__"))
    return Course(folder / "project", folder / "hidden")


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """The toy challenge, for a test to break."""
    return copy_toy(tmp_path)


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def grade(scratch: Path) -> Grade:
    """Runs the real command in the project of a course."""

    def run(course: Course, *arguments: str) -> Run:
        done = subprocess.run(
            [sys.executable, "-m", "grader", *arguments],
            cwd=course.project,
            env=environment(scratch, FINE_DROPOUT_CHECKS=str(course.checks_folder)),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SLOW_SECONDS,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def verify(grade: Grade) -> Verify:
    """Verifies a course and reads the JSON object."""

    def run(course: Course, *arguments: str) -> Verified:
        done = grade(course, "verify", *(arguments or ("toy",)), "--format", "json")
        assert done.errors == ""
        return Verified(done)

    return run


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Course:
    return copy_toy(tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="session")
def green(verify: Verify, untouched: Course) -> Verified:
    """The toy challenge as it is."""
    return verify(untouched, "toy")
