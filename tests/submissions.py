"""Makes submissions out of the solution with one thing changed, and grades them. Shared by the tests of the checks.

An `Answer` says what the learner wrote: the body of a marked place, an edit of the solution, a whole file, or files
beside it. All that is not said stays as in the solution, so that a test shows the effect of one change.
"""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.challenge import Challenge, Limits, load_challenge
from grader.checking import runner
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from grader.verdict import CheckResult

SOLUTIONS = Path(__file__).resolve().parents[1] / "solutions"
BEGIN, END = "# ---- your code: begin ----\n", "# ---- your code: end ----"


@dataclass(frozen=True)
class Answer:
    """One file as a learner might hand it in.

    Attributes:
        name: what is special about it; the id of its test.
        file: the changed file, for example "attention.py".
        bodies: by function name, the code that stands in the function's marked place instead of the solution's.
        edits: text of the solution, and what stands there instead, for what no marked place holds.
        source: the whole file; then there are no bodies and no edits.
        beside: further files, by name.
    """

    name: str
    file: str
    bodies: Mapping[str, str] = field(default_factory=dict)
    edits: Mapping[str, str] = field(default_factory=dict)
    source: str | None = None
    beside: Mapping[str, str] = field(default_factory=dict)

    @property
    def step(self) -> str:
        return self.file.removesuffix(".py")

    def files(self, challenge: str = "challenge5") -> dict[str, str]:
        """Return the text of every file that differs from the solution's, by name."""
        text = (SOLUTIONS / challenge / self.file).read_text(encoding="utf-8") if self.source is None else self.source
        for function, body in self.bodies.items():
            text = fill(text, function, body)
        for old, new in self.edits.items():
            text = edit(text, old, new)
        return {self.file: text, **self.beside}


def together(answers: Iterable[Answer]) -> dict[str, str]:
    """Return the files of several answers; two answers of one file change different places of it."""
    merged: dict[str, Answer] = {}
    beside: dict[str, str] = {}
    for answer in answers:
        first = merged.setdefault(answer.file, answer)
        if first is not answer:
            bodies, edits = {**first.bodies, **answer.bodies}, {**first.edits, **answer.edits}
            merged[answer.file] = replace(first, bodies=bodies, edits=edits)
        beside |= answer.beside
    return {name: text for answer in merged.values() for name, text in answer.files().items()} | beside


def edit(text: str, old: str, new: str) -> str:
    """Replace what must stand in `text` exactly once, so that no change is lost unnoticed."""
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the solution, not once"
    return text.replace(old, new)


def fill(text: str, function: str, body: str) -> str:
    """Put `body` into the marked place of a function."""
    definition = text.index(f"def {function}(")
    begin = text.index(BEGIN, definition) + len(BEGIN)
    end = text.index(END, begin)
    assert text.find("\ndef ", definition, end) == -1, f"{function} has no marked place of its own"
    indent = text[text.rindex("\n", 0, end) + 1 : end]
    return text[:begin] + textwrap.indent(textwrap.dedent(body).strip("\n"), indent) + "\n" + indent + text[end:]


def write_submission(folder: Path, files: Mapping[str, str | None], challenge: str = "challenge5") -> Path:
    """Copy the solution into `folder` and put these files in place of its own; None takes a file away."""
    shutil.copytree(SOLUTIONS / challenge, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in files.items():
        if text is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


class NarrowChallenge(Challenge):
    """One step of a challenge with some of its checks, for tests that need no others."""

    checks: tuple[str, ...]  # by id, all of the one step

    @classmethod
    def of(cls, challenge: Challenge, checks: tuple[str, ...]) -> NarrowChallenge:
        (name,) = {check.split(".")[0] for check in checks}
        step = replace(challenge.step(name), needs=())
        narrow = cls(challenge.name, challenge.title, (step,), challenge.limits, challenge.folder)
        object.__setattr__(narrow, "checks", checks)
        return narrow

    @property
    def check_files(self) -> list[Path]:
        """Node ids, which pytest takes where it takes files."""
        (file,) = super().check_files
        return [Path(f"{file}::test_{check.split('.')[1]}") for check in self.checks]


class SharedChild:
    """One learner process for many submissions: PyTorch is imported once, and each submission gets a fresh worker."""

    def __init__(self, challenge: str = "challenge5") -> None:
        self.challenge: Challenge = load_challenge(challenge)
        self.process = ChildProcess(SOLUTIONS / challenge, self.challenge.limits)

    def grade_checks(
        self,
        folder: Path,
        *,
        only: frozenset[str] = frozenset(),
        checks: tuple[str, ...] = (),
        limits: Limits | None = None,
        seed: int = 0,
    ) -> dict[str, CheckResult]:
        """Run the hidden checks of all steps, of the steps in `only`, or the `checks` (ids), on a submission.

        Returns:
            The results by check id.
        """
        self.process.end_worker()
        self.process.folder = folder
        self.process.limits = limits or self.challenge.limits
        challenge = replace(self.challenge, limits=self.process.limits)
        if checks:
            challenge = NarrowChallenge.of(challenge, checks)
        _, results = runner.run_checks(challenge, Submission(self.process), only=only, seed=seed)
        return {result.id: result for result in results}

    def close(self) -> None:
        self.process.close()


def summary(results: Mapping[str, CheckResult]) -> str:
    """Say what every check found, a line each, for the message of a failing test."""
    return "\n".join(f"{result.outcome:8} {name}: {result.message}" for name, result in results.items())
