"""Asks copies of the submission, each with a known mistake in it, what the checks asked the submission.

The copies run in a child of their own, one after the other. It is started while the remaining checks run, since it has
to load torch as well.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from grader.clock import awake_seconds
from grader.diagnosis.recording import Example, Reply, Request
from grader.mistakes import Mistake, copy_submission, write_with_mistake
from grader.submission.one_core import hold_to
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission

CALL_SECONDS = 5.0  # one message; the learner's own code has answered it within its limit
VARIANT_STEP = 7919  # between the seeds of two variants, so that they meet no seed that stands beside another


class Replay:
    """One copy of the submission in a fresh worker."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission

    def ask(self, example: Example, variant: int = 0) -> Iterator[Reply]:
        """Ask what was asked in an example, and give back the replies one by one.

        Args:
            variant: 0 for the seeds of the checks, or the number of another draw of whatever the child draws.
        Raises:
            CheckAborted: the copy hangs, dies or answers nonsense.
        """
        first: list[Request] = [{"do": "forget"}]
        for exchange in example:
            yield self.submission.exchange(first + [_reseeded(request, variant) for request in exchange.requests])
            first = []


def _reseeded(request: Request, variant: int) -> Request:
    if variant == 0:
        return request
    if request["do"] == "seed":
        return {**request, "number": variant}
    if isinstance(request.get("seed"), int):
        return {**request, "seed": request["seed"] + variant * VARIANT_STEP}
    return request


class Replays:
    """The child for the copies, and the folders that they lie in."""

    def __init__(self, beside: ChildProcess) -> None:
        """Prepare a child like that of the submission."""
        self.submission = beside.folder
        self._scratch = tempfile.TemporaryDirectory(prefix="fine-dropout-")
        self.folder = Path(self._scratch.name).resolve()
        limits = replace(beside.limits, call_seconds=CALL_SECONDS)
        self.cores = beside.free_cores or set()
        free = hold_to(self.cores)  # or it would share the core that the checks run on
        try:
            self.process = ChildProcess(self.folder, limits, beside.isolation)
            self.process.free_cores = set()  # the submission's process has held the parent to a core, and frees it
        finally:
            hold_to(free)

    def start(self) -> None:
        """Start the child, which loads torch beside what goes on here."""
        free = hold_to(self.cores)
        try:
            self.process.start()
        finally:
            hold_to(free)

    def of(self, mistake: Mistake | None, deadline: float) -> Replay:
        """Put the copy with this mistake (or with none) into a fresh worker.

        Args:
            deadline: when it must have answered everything, on the clock of `awake_seconds()`.
        """
        self.process.end_worker()
        name = f"{mistake.step}.{mistake.name}" if mistake else "as_it_is"
        folder = self.folder / name
        if not folder.is_dir():
            if mistake:
                write_with_mistake(self.submission, mistake, folder)
            else:
                copy_submission(self.submission, folder)
        self.process.folder = folder
        seconds = max(0.0, deadline - awake_seconds())
        self.process.limits = replace(self.process.limits, run_seconds=seconds)
        return Replay(Submission(self.process))

    def wait(self) -> None:
        """Wait until the child can take copies."""
        self.process.end_worker()

    def begin(self, submission: Path) -> None:
        """Make new copies from now on, of the files in this folder."""
        self.submission = submission
        self.process.end_worker()
        for copy in self.folder.iterdir():
            shutil.rmtree(copy)

    def close(self) -> None:
        """End the child and remove the copies."""
        self.process.close()
        self._scratch.cleanup()
