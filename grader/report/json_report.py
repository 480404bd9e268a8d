"""The JSON object of the contract, alone on the output."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from grader.report.base import Report
from grader.verdict import CheckResult, SmokeResult, Verdict

SCHEMA = 1


class JsonReport(Report):
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def finished(self, verdict: Verdict, *, curves: Path | None = None) -> None:
        json.dump(as_json(verdict), self.stream, indent=1)  # in ASCII, whatever the output's encoding is
        self.stream.write("\n")
        self.stream.flush()


def as_json(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as plain data; seconds are rounded to milliseconds."""
    return {
        "schema": SCHEMA,
        "challenge": verdict.challenge,
        "passed": verdict.passed,
        "checks": [_check(result) for result in verdict.checks],
        "smoke": _smoke(verdict.smoke) if verdict.smoke is not None else None,
        "environment": verdict.environment,
    }


def _check(result: CheckResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "step": result.step,
        "title": result.title,
        "outcome": str(result.outcome),
        "message": _text(" ".join(_sentences(result))),
        "counterexample": _text(result.counterexample),
        "mistake": result.mistake,
        "location": result.location,
        "examples": result.examples,
        "seconds": round(result.seconds, 3),
    }


def _sentences(result: CheckResult) -> Iterator[str]:
    """Say what is wrong, and where the mistake is known what it was and the hint that fits."""
    yield result.message
    if result.mistake is not None:
        yield from (result.mistake_title, result.explanation, f"Hint: {result.hint}")


def _smoke(result: SmokeResult) -> dict[str, Any]:
    return {
        "outcome": str(result.outcome),
        "message": _text(result.message),
        "steps": result.steps,
        "train_loss": [_finite(loss) for loss in result.train_loss],
        "test_loss": [[step, _finite(loss)] for step, loss in result.test_loss],
        "seconds": round(result.seconds, 3),
    }


def _text(text: str) -> str:
    return text.encode(errors="replace").decode()  # half a surrogate is no text for other programs


def _finite(loss: float) -> float | None:
    return loss if math.isfinite(loss) else None  # JSON has no NaN
