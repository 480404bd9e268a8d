"""The three folders of a challenge that are held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.challenge import Challenge, load_challenge
from grader.errors import UsageError
from grader.git_reference import unpack_reference
from grader.project import find_project, require_readable, submission_folder


@dataclass(frozen=True)
class Course:
    """One challenge as its author keeps it.

    Attributes:
        challenge: its hidden part.
        stubs: the folder that learners get.
        solution: the folder with the same files, filled in.
    """

    challenge: Challenge
    stubs: Path
    solution: Path

    @property
    def name(self) -> str:
        return self.challenge.name


def find_course(name: str, reference: str | None, *, start: Path, scratch: Path) -> Course:
    """Find the folders of a challenge.

    Args:
        reference: a git branch, tag or commit whose challenge folder is the solution; None for the project's own.
        scratch: where that one is unpacked.
    Raises:
        UsageError: one of them is not there, or may not be read.
    """
    challenge = load_challenge(name)
    project = find_project(start)
    if project is None:
        raise UsageError("grade verify needs the project with its stubs and solutions: go into it first.")
    stubs = submission_folder(name, None, solution=False, start=start)
    if reference is None:
        solution = submission_folder(name, None, solution=True, start=start)
    else:
        solution = unpack_reference(project, name, reference, scratch)
    for folder in (stubs, solution):
        require_readable(folder)
    return Course(challenge, stubs, solution)
