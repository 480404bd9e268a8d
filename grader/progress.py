"""What is remembered between runs: how far the learner is, and how many hints of each step were shown.

One JSON file, written whole or not at all. A broken or unwritable file costs the memory, never a run. Of two commands
that run at once, each writes what it has changed, and leaves the rest as the other has written it.
"""

from __future__ import annotations

import copy
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.challenge import Challenge, Step
from grader.verdict import CheckResult, Outcome, Verdict
from grader.whole_files import locked, write_whole

MAX_BYTES = 1 << 24  # some hundred bytes a folder: more than an instructor ever grades


@dataclass
class Memory:
    """What is remembered of one submission folder.

    Attributes:
        steps: step name to "passed", or the outcome of its first check that is not.
        hints: step name to the number of hints shown so far.
        failing: step name to the check that failed last, and the mistake that was named in it.
        smoke: outcome of the last smoke test, "" if there was none.
    """

    steps: dict[str, str] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    smoke: str = ""


class Progress(Memory):
    """The memory of one submission folder, and the file that it is kept in."""

    def __init__(self, path: Path, key: str) -> None:
        """Read what is remembered under `key`; nothing where nothing is, or nothing that can be read."""
        self.path, self.key = path, key
        self.read()

    def read(self) -> None:
        """Take over what stands in the file now."""
        self.before = _memory_from(_read(self.path).get(self.key))
        vars(self).update(copy.deepcopy(vars(self.before)))

    def record(self, challenge: Challenge, verdict: Verdict) -> None:
        """Take over what a run found."""
        for step in challenge.steps:
            results = verdict.of_step(step.name)
            if results:
                outcome = next((r.outcome for r in results if r.outcome is not Outcome.PASSED), Outcome.PASSED)
                self.steps[step.name] = str(outcome)
                self._follow(step, results)
        if verdict.smoke is not None:
            self.smoke = verdict.smoke.outcome

    def _follow(self, step: Step, results: tuple[CheckResult, ...]) -> None:
        """Let the hints move with the check that fails: another one starts at the hint that fits it."""
        quiet = (Outcome.PASSED, Outcome.TODO, Outcome.NOT_RUN)
        failure = next((result for result in results if result.outcome not in quiet), None)
        if failure is not None:
            which = f"{failure.id} {failure.mistake or ''}".strip()
            shown = step.hints.index(failure.hint) + 1 if failure.hint in step.hints else 0
            before = self.failing.get(step.name)
            if before is None:  # what was shown while it was still to do counts
                self.hints[step.name] = max(shown, self.hints_shown(step))
            elif before != which:
                self.hints[step.name] = shown
            self.failing[step.name] = which
        elif self.steps[step.name] == Outcome.PASSED:
            self.hints.pop(step.name, None)
            self.failing.pop(step.name, None)

    def forget(self, step: Step) -> None:
        """The file of the step is another one: what was found in it counts no more."""
        for memory in (self.steps, self.hints, self.failing):
            memory.pop(step.name, None)

    def current_hint(self, step: Step) -> int:
        """Return the number (from 0) of the hint that was shown last, the first where none was."""
        return max(self.hints_shown(step) - 1, 0)

    def next_hint(self, step: Step) -> int:
        """Return the number (from 0) of the hint to show next, the last where all were shown."""
        return min(self.hints_shown(step), len(step.hints) - 1)

    def hints_shown(self, step: Step) -> int:
        """Return how many hints of the step were shown; the file may say what it likes."""
        return min(max(self.hints.get(step.name, 0), 0), len(step.hints))

    def first_open(self, challenge: Challenge) -> str | None:
        """Return the first step that has not passed yet, None if all have."""
        return next((step.name for step in challenge.steps if self.steps.get(step.name) != "passed"), None)

    def save(self) -> None:
        """Write what was changed; give up silently where that is not possible, on a read-only disk say."""
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path.parent):
                everything = _read(self.path)
                memory = _memory_from(everything.get(self.key))
                for name in ("steps", "hints", "failing"):
                    _apply(getattr(self.before, name), getattr(self, name), getattr(memory, name))
                memory.smoke = self.smoke if self.smoke != self.before.smoke else memory.smoke
                everything[self.key] = vars(memory)
                write_whole(self.path, json.dumps(everything, indent=1, sort_keys=True).encode())
            self.before = Memory(dict(self.steps), dict(self.hints), dict(self.failing), self.smoke)


def load_progress(notes: Path, challenge: str, folder: Path) -> Progress:
    """Read what is remembered of a folder."""
    return Progress(notes / "progress.json", f"{challenge}: {folder}")


def _apply(before: dict[str, Any], after: dict[str, Any], target: dict[str, Any]) -> None:
    """Do to `target` what was done to `before` to make it `after`."""
    for name in before.keys() | after.keys():
        if name not in after:
            target.pop(name, None)
        elif before.get(name) != after[name]:
            target[name] = after[name]


def _memory_from(entry: Any) -> Memory:
    entry = _dictionary(entry)
    return Memory(
        steps={str(name): str(outcome) for name, outcome in _dictionary(entry.get("steps")).items()},
        hints={str(name): n for name, n in _dictionary(entry.get("hints")).items() if isinstance(n, int)},
        failing={str(name): str(check) for name, check in _dictionary(entry.get("failing")).items()},
        smoke=str(entry.get("smoke", "")),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        if not os.path.isfile(path) or path.stat().st_size > MAX_BYTES:  # a pipe would be waited for
            return {}
        return _dictionary(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
