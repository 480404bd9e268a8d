"""`grade reset`: puts a stub back in the place of the learner's file, and `--undo` the learner's file in its own.

What is replaced is kept first, under a name with the time in it, and no copy is ever removed.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from grader.challenge import Challenge, Step, challenge_names, load_challenge
from grader.errors import UsageError
from grader.pristine import pristine_stub
from grader.progress import load_progress
from grader.project import find_project, is_barred, notes_folder, own_folder
from grader.text import printable
from grader.tool_options import ResetOptions
from grader.whole_files import locked, write_whole


def reset(options: ResetOptions, *, start: Path) -> None:
    """Do what was asked, and say what became of the learner's file.

    Raises:
        UsageError: there is no such challenge, step or copy, or a file cannot be read or written.
    """
    challenge, step = _find(options)
    folder = own_folder(challenge.name, start)
    if not os.path.isdir(folder):
        if is_barred(folder):
            raise UsageError(f"{folder} may not be read by you. Ask its owner for the right to.")
        raise UsageError(f"There is no folder {folder}. Go into the project first.")
    place = _Place(challenge.name, step, folder, start)
    if find_project(start) is None and not place.has_what_is_asked(undo=options.undo):
        raise UsageError(f"You are outside the project, and there is no {step.file} here. Go into the project first.")
    try:
        if options.undo:
            place.undo()
        else:
            place.reset(pristine_stub(find_project(start), challenge.name, step, folder).encode())
    except OSError as problem:
        name = problem.filename or step.file
        raise UsageError(f"{name}: {problem.strerror}. {step.file} stays as it is.") from None
    progress = load_progress(notes_folder(start), challenge.name, folder)
    progress.forget(step)
    progress.save()


def _find(options: ResetOptions) -> tuple[Challenge, Step]:
    if options.challenge is not None:
        challenge = load_challenge(options.challenge)
        return challenge, challenge.step(options.step)
    if options.step in challenge_names():
        raise UsageError(f"Name the step as well: grade reset {options.step} STEP (see `grade list`).")
    owners = [load_challenge(name) for name in challenge_names()]
    found = [(owner, step) for owner in owners for step in owner.steps if step.name == options.step]
    if not found:
        raise UsageError(f"No challenge has a step '{options.step}'. See: grade list")
    if len(found) > 1:
        commands = " or ".join(f"grade reset {owner.name} {step.name}" for owner, step in found)
        raise UsageError(f"Several challenges have a step '{options.step}': {commands}")
    return found[0]


@dataclass(frozen=True)
class _Place:
    """One file of a learner's, and where its copies are kept."""

    challenge: str
    step: Step
    folder: Path
    start: Path

    @property
    def file(self) -> Path:
        return Path(os.path.realpath(self.folder / self.step.file))

    @property
    def copies(self) -> Path:
        """The folder of the copies; another submission of the same name has another one."""
        digest = hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        return notes_folder(self.start) / "copies" / f"{self.folder.name}-{digest}"

    def has_what_is_asked(self, *, undo: bool) -> bool:
        """Tell whether the learner's file is here or, to undo, a copy of it."""
        return os.path.lexists(self.file) or (undo and os.path.isdir(self.copies))

    def reset(self, stub: bytes) -> None:
        current = self._read()
        if current == stub:
            print(f"{self.step.file} is the untouched stub already.")
            return
        copy = self._keep(current)
        write_whole(self.file, stub)
        print(f"{self.step.file} is the stub again.")
        if copy is not None:
            print(f"Your version is kept in\n  {self._shown(copy)}")
            print(f"To get it back: grade reset {self.challenge} {self.step.name} --undo")

    def undo(self) -> None:
        current = self._read()
        kept = sorted(self.copies.glob(f"{self.step.name}.*.py"), reverse=True)
        copy = next((path for path in kept if path.read_bytes() != current), None)
        if copy is None:
            raise UsageError(f"There is nothing to undo: no other version of {self.step.file} is kept.")
        content = copy.read_bytes()
        if current not in [path.read_bytes() for path in kept]:
            self._keep(current)
        write_whole(self.file, content)
        print(f"{self.step.file} is again as it was kept in\n  {self._shown(copy)}")

    def _read(self) -> bytes | None:
        own = self.folder / self.step.file
        if own.is_symlink() and not os.path.exists(own):
            raise UsageError(f"{self.step.file} is a link that leads to no file. Take it away first.")
        if not os.path.lexists(self.file):
            return None
        if not os.path.isfile(self.file):
            raise UsageError(f"{self.step.file} is no file. Take it away first.")
        return self.file.read_bytes()

    def _keep(self, content: bytes | None) -> Path | None:
        """Write a copy under a name that no other has; None where there is nothing to keep."""
        if content is None:
            return None
        self.copies.mkdir(parents=True, exist_ok=True)
        with locked(self.copies):
            stamp = datetime.now().strftime("%Y-%m-%d_%H-%M-%S.%f")
            path = self.copies / f"{self.step.name}.{stamp}.py"
            write_whole(path, content)
        return path

    def _shown(self, path: Path) -> str:
        return printable(str(path.relative_to(self.start) if path.is_relative_to(self.start) else path))
