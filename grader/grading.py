"""`grade CHALLENGE`: finds the challenge and the files, starts the child, and lets one run find the verdict."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from grader.challenge import Challenge, load_challenge
from grader.errors import UsageError
from grader.git_reference import unpack_reference
from grader.options import GradeOptions
from grader.project import find_project, require_readable, submission_folder
from grader.run import Run
from grader.submission.isolation import choose_isolation
from grader.submission.process import ChildProcess


def grade(options: GradeOptions, *, start: Path) -> bool:
    """Do one run and report it; True for a full pass.

    Raises:
        UsageError, GraderError: see there.
    """
    challenge = load_challenge(options.challenge)
    for name in options.only:
        challenge.step(name)
    if options.names_data and challenge.smoke_file is None:
        raise UsageError(f"{challenge.name} has no smoke test, which --data and --tokenizer are for.")
    isolation = choose_isolation(options.isolation)
    with tempfile.TemporaryDirectory(prefix="fine-dropout-ref-") as scratch:
        folder = _folder(options, start, Path(scratch))
        require_a_file(challenge, folder)
        process = ChildProcess(folder, challenge.limits, isolation)
        try:
            process.start()
            return Run(options, challenge, folder, process, start=start).run()
        finally:
            process.close()


def _folder(options: GradeOptions, start: Path, scratch: Path) -> Path:
    if options.ref is None:
        return submission_folder(options.challenge, options.folder, solution=options.solution, start=start)
    project = find_project(start)
    if project is None:
        raise UsageError("--ref needs the project's git repository around it: go into the project first.")
    return unpack_reference(project, options.challenge, options.ref, scratch)


def require_a_file(challenge: Challenge, folder: Path) -> None:
    """Refuse a folder that holds none of the steps' files: it is another folder than was meant."""
    require_readable(folder)
    if not any(os.path.isfile(folder / step.file) for step in challenge.steps):
        first = challenge.steps[0].file
        raise UsageError(f"{folder} holds none of the files of {challenge.name} ({first}, ...). Name the right folder.")
