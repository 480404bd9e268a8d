"""Where things are: the project around the learner, the folder to grade, and the grader's own notes.

A project is a folder with `challenges/` in it; the solutions may be kept elsewhere, on a branch say. The notes
(progress, curves) go into its `.grade/` folder, which git ignores; outside a project, into the user's state folder.

Here and elsewhere `os.path` is asked what is there: `Path.is_dir` and its like raise below a folder that the user may
not enter, and for a name that is too long.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from grader.errors import UsageError

NOWHERE = Path(os.devnull) / "fine-dropout"  # notes cannot be written there, which costs the memory and never a run
NOT_READABLE = "{} may not be read by you. Ask its owner for the right to, or name another folder."


@dataclass(frozen=True)
class Project:
    root: Path

    def challenge(self, name: str) -> Path:
        return self.root / "challenges" / name

    def solution(self, name: str) -> Path:
        return self.root / "solutions" / name


def find_project(start: Path) -> Project | None:
    """Return the project that encloses `start`, None where there is none."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if os.path.isdir(folder / "challenges"):
            return Project(folder)
    return None


def own_folder(name: str, start: Path) -> Path:
    """Return the folder of a challenge that the learner works in: the project's, outside a project the current one."""
    project = find_project(start)
    return project.challenge(name) if project is not None else start.resolve()


def submission_folder(name: str, folder: str | None, *, solution: bool, start: Path) -> Path:
    """Return the folder to grade.

    Args:
        name: the challenge.
        folder: what the user named, if anything.
        solution: grade the project's solution.
        start: the current folder.
    Raises:
        UsageError: it is not there, or in a folder that may not be entered.
    """
    if folder is not None:
        named = start / os.path.expanduser(folder)
        if os.path.isfile(named):
            raise UsageError(f"{folder} is a file. Name the folder that holds your {name} files.")
        if not os.path.isdir(named):
            _refuse_if_barred(named)
            raise UsageError(f"There is no folder {folder}. Name the folder that holds your {name} files.")
        return named.resolve()
    project = find_project(start)
    if project is None:
        raise UsageError(f"You are outside the project. Go into it, or name a folder: grade {name} FOLDER.")
    path = project.solution(name) if solution else project.challenge(name)
    if not os.path.isdir(path):
        _refuse_if_barred(path)
        missing = f"There is no folder {path.relative_to(project.root)} in {project.root}"
        hint = f" If a git branch has the solved files: grade {name} --ref BRANCH" if solution else ""
        raise UsageError(f"{missing}.{hint}")
    return path


def require_readable(folder: Path) -> None:
    """Refuse a folder whose files the user may not read."""
    if not os.access(folder, os.R_OK | os.X_OK):
        raise UsageError(NOT_READABLE.format(folder))


def is_barred(path: Path) -> bool:
    """Tell whether the path lies below a folder that the user may not enter: nobody can say whether it is there."""
    try:
        os.stat(path)
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _refuse_if_barred(folder: Path) -> None:
    if is_barred(folder):
        raise UsageError(NOT_READABLE.format(folder))


def notes_folder(start: Path) -> Path:
    """Return the folder for progress and curves; it need not exist yet, and `NOWHERE` never will."""
    project = find_project(start)
    if project is not None:
        return project.root / ".grade"
    try:
        return _state_folder() / "fine-dropout"
    except RuntimeError:  # a user without a home folder, in a container say
        return NOWHERE


def _state_folder() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
