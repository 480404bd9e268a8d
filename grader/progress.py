"""What is remembered between runs: how far the learner is, and how many hints of each step were shown.

One JSON file, written whole or not at all. A broken or unwritable file costs the memory, never a run.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grader.challenge import Challenge, Step
from grader.verdict import Outcome, Verdict


@dataclass
class Progress:
    """The memory of one submission folder.

    Attributes:
        steps: step name to "passed", or the outcome of its first check that is not.
        hints: step name to the number of hints shown so far.
        smoke: outcome of the last smoke test, "" if there was none.
    """

    path: Path
    key: str
    steps: dict[str, str] = field(default_factory=dict)
    hints: dict[str, int] = field(default_factory=dict)
    smoke: str = ""

    def record(self, challenge: Challenge, verdict: Verdict) -> None:
        """Take over what a run found; a step that goes red starts again at its first hint."""
        for step in challenge.steps:
            results = verdict.of_step(step.name)
            if results:
                self._set(step.name, next((r.outcome for r in results if r.outcome is not Outcome.PASSED), "passed"))
        if verdict.smoke is not None:
            self.smoke = verdict.smoke.outcome

    def _set(self, step: str, outcome: str) -> None:
        if outcome == "passed":
            self.hints.pop(step, None)
        self.steps[step] = str(outcome)

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
        """Write the file; give up silently where that is not possible, on a read-only disk say."""
        everything = _read(self.path)
        everything[self.key] = {"steps": self.steps, "hints": self.hints, "smoke": self.smoke}
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(self.path, json.dumps(everything, indent=1, sort_keys=True))


def load_progress(notes: Path, challenge: str, folder: Path) -> Progress:
    """Read what is remembered of a folder; empty where nothing is, or nothing that can be read."""
    path, key = notes / "progress.json", f"{challenge}: {folder}"
    entry = _read(path).get(key, {})
    entry = entry if isinstance(entry, dict) else {}
    return Progress(
        path=path,
        key=key,
        steps={str(name): str(outcome) for name, outcome in _dictionary(entry.get("steps")).items()},
        hints={str(name): n for name, n in _dictionary(entry.get("hints")).items() if isinstance(n, int)},
        smoke=str(entry.get("smoke", "")),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return _dictionary(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}


def _write_whole(path: Path, text: str) -> None:
    """Write a file beside its place and move it there; nothing unfinished is left behind."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".progress-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:  # Ctrl-C as well
        with suppress(OSError):
            os.unlink(name)
        raise


def _dictionary(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
