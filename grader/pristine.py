"""The stub of a step as it was handed out, to begin again with.

It is made from the solution, which is the one source of the stubs. A learner's copy of the project may be without, or
have something else in its place that makes no stub: then git is asked for the newest version of the file that is still
a stub, and where git has none, the marked places of the learner's own file are emptied.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from grader.challenge import Step
from grader.errors import UsageError
from grader.git import Git
from grader.project import Project
from grader.source import MAX_BYTES
from grader.stubs import has_whole_places, is_stub, stub_of

VERSIONS = 200  # of one file in git, that are looked through


def pristine_stub(project: Project | None, challenge: str, step: Step, folder: Path) -> str:
    """Return the text of a step's stub.

    Raises:
        UsageError: it cannot be had.
    """
    git = None
    if project is not None:
        if (stub := _emptied(project.solution(challenge) / step.file)) is not None:
            return stub
        git = Git(project.root)
        if (stub := _stub_in_git(git, f"challenges/{challenge}/{step.file}")) is not None:
            return stub
    emptied = _emptied(folder / step.file)
    if emptied is None:
        raise UsageError(
            f"The stub of {step.name} cannot be had: there is no solution that it can be made from, "
            f"{_nothing_in(git)}, and {step.file} has lost its marked places. Take it from a fresh copy of the project."
        )
    return emptied


def _stub_in_git(git: Git, path: str) -> str | None:
    listed = None
    with suppress(OSError):  # git takes too long
        listed = git.run("rev-list", f"--max-count={VERSIONS}", "HEAD", "--", path)
    for commit in (listed or b"").decode().split():
        with suppress(OSError, IndexError):  # or a version is far too large for a stub, or has a mark in no function
            content = git.run("cat-file", "blob", f"{commit}:./{path}", at_most=MAX_BYTES)
            text = (content or b"").decode(errors="replace").replace("\r\n", "\n")
            if is_stub(text):
                return text
    return None


def _nothing_in(git: Git | None) -> str:
    """Say why git has given no stub."""
    try:
        hindrance = git.hindrance() if git is not None else None
    except OSError as problem:
        return str(problem)
    return hindrance or "git has no version of it"


def _emptied(path: Path) -> str | None:
    """Return the stub that a file becomes when its marked places are emptied; None where it becomes none."""
    try:
        if not os.path.isfile(path) or path.stat().st_size > MAX_BYTES:  # a pipe would be waited for, and a device
            return None
        text = path.read_text(encoding="utf-8")
        emptied = stub_of(text) if has_whole_places(text) else ""
    except (OSError, ValueError, IndexError):
        return None
    return emptied if is_stub(emptied) else None
