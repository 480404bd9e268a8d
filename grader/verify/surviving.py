"""Which mutants of the solution survive the checks of their step, and which of these are excused."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from grader.challenge import Step
from grader.errors import GraderError
from grader.mutants import Mutant, mutants_of
from grader.verdict import Outcome
from grader.verify.course import Course
from grader.verify.excuses import FILE, Excuse, load_excuses
from grader.verify.one_child import OneChild
from grader.verify.row import Part, Row

SURVIVES = f"survives every check of {{}}: write one that catches it, or excuse it in {FILE}"
DEAD = f"is excused, but {{}} catches it: take the excuse out of {FILE}"


def mutants_part(course: Course, child: OneChild) -> Part:
    promise = "every mutant of the solution is caught, or excused with a reason"
    try:
        excuses = load_excuses(course.challenge)
        mutants = [(step, mutant) for step in course.challenge.steps for mutant in _mutants(course, step)]
    except GraderError as problem:
        return Part("mutants", promise, 1, iter([Row(FILE, False, str(problem))]))
    stale = [excuse for excuse in excuses if not any(excuse.fits(step.file, mutant) for step, mutant in mutants)]
    return Part("mutants", promise, len(mutants) + len(stale), _rows(course, child, mutants, excuses, stale))


def _mutants(course: Course, step: Step) -> list[Mutant]:
    path = course.solution / step.file
    return mutants_of(path.read_text(encoding="utf-8")) if os.path.isfile(path) else []


def _rows(
    course: Course,
    child: OneChild,
    mutants: list[tuple[Step, Mutant]],
    excuses: tuple[Excuse, ...],
    stale: list[Excuse],
) -> Iterator[Row]:
    for old in stale:
        message = "excuses a mutant that is not made any more: take the excuse out"
        yield Row(FILE, False, message, _details(old.before, old.after, file=old.file, function=old.function))
    for step in course.challenge.steps:
        folder = child.take(course.solution, "mutant")
        for mutant in [mutant for of, mutant in mutants if of is step]:
            (folder / step.file).write_text(mutant.source, encoding="utf-8")
            excuse = next((excuse for excuse in excuses if excuse.fits(step.file, mutant)), None)
            yield _row(child, folder, step, mutant, excuse)


def _row(child: OneChild, folder: Path, step: Step, mutant: Mutant, excuse: Excuse | None) -> Row:
    caught = child.first_not_passed(folder, step)
    subject = f"{step.file}:{mutant.line}"
    details = _details(mutant.before, mutant.after, function=mutant.function)
    if caught is not None and caught.outcome is Outcome.NOT_RUN:
        return Row(subject, False, f"was not graded to the end. {caught.message}", details)
    if caught is not None:
        message = DEAD.format(caught.id) if excuse else f"caught by {caught.id}"
        return Row(subject, excuse is None, message, details)
    message = f"excused: {excuse.reason}" if excuse else SURVIVES.format(step.name)
    return Row(subject, excuse is not None, message, details)


def _details(before: str, after: str, **where: str) -> tuple[tuple[str, str], ...]:
    return (*where.items(), ("before", before), ("after", after))
