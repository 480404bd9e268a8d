"""What a challenge is: its steps, hints and limits, read from `grader/checks/NAME/challenge.toml`.

A challenge is found by its folder; there is no list of challenges to extend. Authors who keep theirs elsewhere name
their own checks folder in the environment.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from grader.errors import GraderError, UsageError

OWN_CHECKS = Path(__file__).parent / "checks"
CHECKS_VARIABLE = "FINE_DROPOUT_CHECKS"  # names another folder of challenges


@dataclass(frozen=True)
class Limits:
    """What a child may use. Seconds are of wall time."""

    call_seconds: float = 10.0  # one call of a learner function
    check_seconds: float = 30.0  # all examples of one check
    step_seconds: float = 120.0  # all checks of one step
    run_seconds: float = 300.0  # the whole run
    memory_bytes: int = 2 * 1024**3  # beyond what Python and torch use, in one process or in several together
    processes: int = 64
    file_bytes: int = 64 * 1024**2  # any one file that learner code writes
    scratch_bytes: int = 64 * 1024**2  # all that it writes together, and has not removed
    scratch_files: int = 5000  # how many files and folders that may be
    output_bytes: int = 4096  # what is kept of the output of one check
    reply_bytes: int = 64 * 1024**2  # one answer

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Step:
    """One stub file. `needs` are the steps whose checks must be green before this one's are run."""

    name: str
    title: str
    hints: tuple[str, ...]
    needs: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        return f"{self.name}.py"


@dataclass(frozen=True)
class Challenge:
    name: str
    title: str
    steps: tuple[Step, ...]
    limits: Limits
    folder: Path  # the hidden folder: settings, checks, reference

    def step(self, name: str) -> Step:
        for step in self.steps:
            if step.name == name:
                return step
        known = ", ".join(step.name for step in self.steps)
        raise UsageError(f"{self.name} has no step '{name}'. Its steps are: {known}.")

    @property
    def check_files(self) -> list[Path]:
        """The files of property tests, one a step, in the order of the steps."""
        return [self.folder / f"test_{step.name}.py" for step in self.steps]

    @property
    def smoke_file(self) -> Path | None:
        """The smoke test's module, for challenges that have one."""
        path = self.folder / "smoke.py"
        return path if os.path.isfile(path) else None


def checks_folder() -> Path:
    """Return the folder with the hidden part of each challenge: the grader's own, or the one that is named instead.

    Who runs the command names it. It is never found beside the learner's files: what lies in it runs in this process.

    Raises:
        UsageError: the one that is named holds no challenge.
    """
    named = os.environ.get(CHECKS_VARIABLE)
    if not named:
        return OWN_CHECKS
    folder = Path(named).expanduser().resolve()
    if not any(folder.glob("*/challenge.toml")):
        raise UsageError(f"{CHECKS_VARIABLE} names {folder}, which holds no challenge (NAME/challenge.toml).")
    return folder


def challenge_names() -> list[str]:
    return sorted(path.parent.name for path in checks_folder().glob("*/challenge.toml"))


def load_challenge(name: str) -> Challenge:
    """Read one challenge.

    Raises:
        UsageError: there is no such challenge.
        GraderError: its settings are broken.
    """
    if name not in challenge_names():
        for owner in challenge_names():
            if any(step.name == name for step in load_challenge(owner).steps):
                raise UsageError(f"{name} is a step of {owner}. Grade it alone with: grade {owner} --only {name}")
        known = ", ".join(challenge_names())
        raise UsageError(f"There is no challenge '{name}'. Challenges: {known} (see `grade list`).")
    folder = checks_folder() / name
    try:
        settings = tomllib.loads((folder / "challenge.toml").read_text(encoding="utf-8"))
        return _challenge_from(name, folder, settings)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as problem:
        raise GraderError(f"{folder / 'challenge.toml'}: {type(problem).__name__}: {problem}") from problem


def _challenge_from(name: str, folder: Path, settings: dict[str, Any]) -> Challenge:
    steps = tuple(
        Step(row["name"], row["title"], tuple(hint.strip() for hint in row["hints"]), tuple(row.get("needs", ())))
        for row in settings["step"]
    )
    known = {step.name for step in steps}
    for step in steps:
        if unknown := set(step.needs) - known:
            raise KeyError(f"step {step.name} needs unknown steps {sorted(unknown)}")
    limits = settings.get("limits", {})
    if unknown := set(limits) - {field.name for field in fields(Limits)}:
        raise KeyError(f"unknown limits {sorted(unknown)}")
    return Challenge(name, settings["title"], steps, Limits(**limits), folder)
