"""Every step has its hints: from a question to a pointer to nearly the answer."""

from __future__ import annotations

from collections.abc import Iterator

from grader.challenge import Challenge, Step
from grader.verify.row import Part, Row

LEAST_HINTS = 3


def hints_part(challenge: Challenge) -> Part:
    promise = f"every step has {LEAST_HINTS} hints or more"
    return Part("hints", promise, len(challenge.steps), _rows(challenge))


def _rows(challenge: Challenge) -> Iterator[Row]:
    for step in challenge.steps:
        wrong = _what_is_wrong(step)
        yield Row(step.name, not wrong, wrong or f"{len(step.hints)} hints")


def _what_is_wrong(step: Step) -> str:
    if len(step.hints) < LEAST_HINTS:
        return f"{len(step.hints)} of at least {LEAST_HINTS} hints: write the others into challenge.toml"
    empty = [str(number) for number, hint in enumerate(step.hints, start=1) if not hint]
    if empty:
        return f"hint {', '.join(empty)} is empty"
    if len(set(step.hints)) < len(step.hints):
        return "two of its hints are the same"
    return ""
