"""What the solution, the stubs and the known mistakes come to when they are graded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.challenge import Challenge
from grader.errors import GraderError
from grader.mistakes import Mistake, load_mistakes, write_with_mistake
from grader.text import counted
from grader.verdict import CheckResult, Outcome
from grader.verify.course import Course
from grader.verify.one_child import OneChild
from grader.verify.row import Part, Row

NOT_CAUGHT = (Outcome.PASSED, Outcome.TODO, Outcome.NOT_RUN)


def solution_part(course: Course, child: OneChild) -> Part:
    has_smoke_test = course.challenge.smoke_file is not None
    promise = "the solution passes every check" + (" and the smoke test" if has_smoke_test else "")
    return Part("solution", promise, len(course.challenge.steps) + has_smoke_test, _solution(course, child))


def _solution(course: Course, child: OneChild) -> Iterator[Row]:
    folder = child.take(course.solution, "solution")
    yield from _every_step(course.challenge, child.results(folder), Outcome.PASSED)
    if course.challenge.smoke_file is not None:
        smoke = child.smoke_result(folder)
        passed = smoke.outcome is Outcome.PASSED
        yield Row("smoke test", passed, smoke.message if passed else f"{smoke.outcome}: {smoke.message}")


def stubs_part(course: Course, child: OneChild) -> Part:
    rows = (
        row
        for results in [child.results(child.take(course.stubs, "stubs"))]
        for row in _every_step(course.challenge, results, Outcome.TODO)
    )
    return Part("stubs", "every check of the untouched stubs is still to do", len(course.challenge.steps), rows)


def _every_step(challenge: Challenge, results: Sequence[CheckResult], wanted: Outcome) -> Iterator[Row]:
    """Give a row for each step: it holds if all of its checks ended as wanted."""
    for step in challenge.steps:
        own = [result for result in results if result.step == step.name]
        others = [result for result in own if result.outcome is not wanted]
        if not others:
            yield Row(step.name, bool(own), f"{counted(len(own), 'check')} {wanted}")
            continue
        first = others[0]
        message = f"{first.id}: {first.outcome} instead of {wanted}. {first.message}".strip()
        more = f" (and {counted(len(others) - 1, 'other check')})" if len(others) > 1 else ""
        yield Row(step.name, False, message + more)


def mistakes_part(course: Course, child: OneChild) -> Part:
    promise = "every known mistake fails at its check, and is named there as itself"
    try:
        mistakes = load_mistakes(course.challenge)
    except GraderError as problem:
        return Part("mistakes", promise, 1, iter([Row("catalogue", False, str(problem))]))
    return Part("mistakes", promise, len(mistakes), (_mistake(course, child, mistake) for mistake in mistakes))


def _mistake(course: Course, child: OneChild, mistake: Mistake) -> Row:
    folder = write_with_mistake(course.solution, mistake, child.folder / "mistakes" / mistake.step / mistake.name)
    results = child.diagnosed(folder, course.challenge.step(mistake.step))
    wrong = _what_is_wrong(mistake, {result.id: result for result in results}, child.trouble)
    return Row(f"{mistake.step}/{mistake.name}", not wrong, wrong or f"caught by {mistake.check}, and named")


def _what_is_wrong(mistake: Mistake, results: dict[str, CheckResult], trouble: str) -> str:
    """Say how a mistake is not what its docstring says; empty if it is."""
    caught = results.get(mistake.check)
    if caught is None:
        return f"there is no check {mistake.check}; its step has: {', '.join(results)}"
    if caught.outcome in NOT_CAUGHT:
        found = [result.id for result in results.values() if result.outcome not in NOT_CAUGHT]
        elsewhere = f"others catch it: {', '.join(found)}" if found else "no other catches it either"
        return f"{mistake.check} does not catch it ({caught.outcome}); {elsewhere}"
    if trouble:
        return f"its diagnosis failed: {trouble}"
    if caught.mistake is None:
        return f"{mistake.check} catches it, but does not know it: is there another mistake with the same answers?"
    for result in results.values():
        if result.mistake not in (None, mistake.name):
            return f"{result.id} takes it for {result.mistake}"
    return ""
