"""The catalogue of known mistakes of a challenge, read in the parent and never run there.

`checks/NAME/mistakes/STEP/MISTAKE.py` is a wrong version of the learner's file STEP.py. What it says of itself stands
in its docstring: a title in the second person, an explanation, the check that names it, and the hint that helps.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from grader.challenge import Challenge, Step
from grader.errors import GraderError
from grader.source import syntax_tree

FORM = re.compile(
    r"(?P<title>\S.*?)\n\s*\n(?P<explanation>\S.*?)\n\s*\nCaught by: (?P<check>[\w.]+)\nHint: (?P<hint>\d+)", re.DOTALL
)
MAX_COPIED_BYTES = 1024**2  # of one file of a submission: source, not a trained model that lies beside it


@dataclass(frozen=True)
class Mistake:
    """One known mistake.

    Attributes:
        name: unique in its step.
        title, explanation: what the learner did, and why it is wrong, each on one line.
        check: the id of the check that names it.
        hint: the number of the step's hint that fits best, from 1.
        path: the wrong file, to be run in a child only.
    """

    name: str
    step: str
    title: str
    explanation: str
    check: str
    hint: int
    path: Path


def load_mistakes(challenge: Challenge) -> tuple[Mistake, ...]:
    """Read the known mistakes of a challenge, in the order of its steps and of their names.

    Raises:
        GraderError: a file is not of the form that is described above; the text names it.
    """
    folder = challenge.folder / "mistakes"
    steps = {step.name for step in challenge.steps}
    for path in sorted(folder.glob("*/*.py")):
        if path.parent.name not in steps:
            raise GraderError(f"{path}: {challenge.name} has no step '{path.parent.name}'")
    return tuple(
        _mistake_from(path, step) for step in challenge.steps for path in sorted((folder / step.name).glob("*.py"))
    )


def _mistake_from(path: Path, step: Step) -> Mistake:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", path.stem):
        raise GraderError(f"{path}: the name of a mistake is in snake_case")
    try:
        docstring = ast.get_docstring(syntax_tree(path.read_text(encoding="utf-8"))) or ""
    except (SyntaxError, ValueError) as problem:
        raise GraderError(f"{path}: {problem}") from problem
    form = FORM.fullmatch(docstring.strip())
    if form is None:
        raise GraderError(
            f"{path}: its docstring is not of the form: title, empty line, explanation, empty line, "
            "`Caught by: step.check`, `Hint: number`"
        )
    check, hint = form["check"], int(form["hint"])
    if check.split(".")[0] != step.name or check.count(".") != 1:
        raise GraderError(f"{path}: '{check}' is no check of the step {step.name}")
    if not 1 <= hint <= len(step.hints):
        raise GraderError(f"{path}: the step {step.name} has no hint {hint}")
    title, explanation = (" ".join(form[part].split()) for part in ("title", "explanation"))
    return Mistake(path.stem, step.name, title, explanation, check, hint, path)


def write_with_mistake(submission: Path, mistake: Mistake, target: Path) -> Path:
    """Copy the files of a submission into `target`, the mistake's in place of its step's; return `target`."""
    copy_submission(submission, target)
    shutil.copyfile(mistake.path, target / f"{mistake.step}.py")
    return target


def copy_submission(submission: Path, target: Path) -> Path:
    """Copy the files at the top of a submission into `target`, those that can be read; return `target`."""
    target.mkdir(parents=True, exist_ok=True)
    inside = submission.resolve()
    for path in sorted(submission.iterdir()):
        if (content := _own_content(path, inside)) is not None:
            (target / path.name).write_bytes(content)
    return target


def _own_content(path: Path, inside: Path) -> bytes | None:
    """Read a plain file of a submission; None for a link that leads out of it, which is not its own."""
    with suppress(OSError):  # it may not be read by the user, or was removed in this moment
        if os.path.isfile(path) and path.resolve().is_relative_to(inside) and path.stat().st_size <= MAX_COPIED_BYTES:
            return path.read_bytes()
    return None
