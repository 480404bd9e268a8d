"""Which steps must be graded again after a save."""

from __future__ import annotations

import os.path
from collections.abc import Iterable
from pathlib import Path

from grader.challenge import Challenge, Step
from grader.checking.waiting import needed_steps
from grader.diagnosis.own_imports import own_imports


def affected_steps(challenge: Challenge, folder: Path, saved: Iterable[str]) -> set[str]:
    """Return the steps whose verdict may be another one now.

    A step's own file concerns that step, those that need it, and those whose files import it. Any other file may be
    used by every step, in ways that cannot be seen in its text; so may a file that is gone.

    Args:
        saved: the names of the files that were written, made or removed, for example "attention.py".
    """
    steps = {step.file: step.name for step in challenge.steps}
    changed = set()
    for name in saved:
        if name not in steps or not os.path.isfile(folder / name):
            return {step.name for step in challenge.steps}
        changed.add(steps[name])
    return {step.name for step in challenge.steps if changed & _uses(challenge, folder, step)}


def _uses(challenge: Challenge, folder: Path, step: Step) -> set[str]:
    """Return the modules that the checks of a step run, as far as can be seen."""
    modules = {step.name} | needed_steps(challenge, (step,))
    return modules.union(*(own_imports(folder, module) for module in modules))
