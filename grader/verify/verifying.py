"""One verification, from the options to the report: course → parts → rows."""

from __future__ import annotations

import importlib.metadata
import platform
import tempfile
import time
from pathlib import Path

from grader import __version__
from grader.challenge import challenge_names
from grader.loading import load
from grader.submission.isolation import Isolation, choose_isolation
from grader.verify.course import Course, find_course
from grader.verify.files import hidden_part, matching_part
from grader.verify.hints import hints_part
from grader.verify.one_child import OneChild
from grader.verify.options import VerifyOptions
from grader.verify.report import VerifyReport, make_verify_report
from grader.verify.row import Findings, Part, Row
from grader.warm_up import warm_up_hypothesis


def verify(options: VerifyOptions, *, start: Path) -> bool:
    """Verify the challenges that were asked for, and report it; True if everything holds.

    Raises:
        UsageError, GraderError: see there.
    """
    names = challenge_names() if options.challenge is None else [options.challenge]
    isolation = choose_isolation(options.isolation)
    report = make_verify_report(options.format)
    with tempfile.TemporaryDirectory(prefix="fine-dropout-") as scratch:
        courses = [
            find_course(name, options.ref, start=start, scratch=Path(scratch).resolve() / "reference") for name in names
        ]
        try:
            holds = [_verify(course, options, isolation, report, Path(scratch).resolve()) for course in courses]
        finally:
            report.close()
    report.finished(all(holds), () if options.mutants else ("mutants",), _environment(isolation))
    return all(holds)


def _verify(course: Course, options: VerifyOptions, isolation: Isolation, report: VerifyReport, scratch: Path) -> bool:
    """Verify one challenge, with a child of its own."""
    folder = scratch / course.name
    folder.mkdir()
    report.started(course)
    child = OneChild(course.challenge, isolation, folder)
    try:
        child.start()
        warm_up_hypothesis()
        return _Verification(course, child, report).run(mutants=options.mutants)
    finally:
        child.close()


class _Verification:
    """The parts of one challenge, one after the other: what costs least comes first."""

    def __init__(self, course: Course, child: OneChild, report: VerifyReport) -> None:
        self.course, self.child, self.report = course, child, report

    def run(self, *, mutants: bool) -> bool:
        load("grader.verify.submissions")  # imports torch, in seconds
        from grader.verify.submissions import mistakes_part, solution_part, stubs_part
        from grader.verify.surviving import mutants_part

        course, child = self.course, self.child
        holds = [self._part(part) for part in (hints_part(course.challenge), matching_part(course))]
        holds += [self._part(hidden_part(course)), self._part(stubs_part(course, child))]
        solution_holds = self._part(solution_part(course, child))
        for name, make in {"mistakes": mistakes_part, "mutants": mutants_part}.items():
            if mutants or name != "mutants":
                holds.append(self._part(make(course, child) if solution_holds else _not_yet(name)))
        self.report.challenge_finished()
        return all(holds) and solution_holds

    def _part(self, part: Part) -> bool:
        """Go through one part; True if all of it holds."""
        started = time.monotonic()
        self.report.part_started(part)
        rows: list[Row] = []
        for row in part.rows:
            rows.append(row)
            self.report.row_found(row)
        findings = Findings(part, tuple(rows), time.monotonic() - started)
        self.report.part_finished(findings)
        return findings.holds


def _not_yet(name: str) -> Part:
    """What is held against the solution says nothing while that one is wrong itself."""
    row = Row("solution", False, "not looked at: the solution must pass first")
    return Part(name, "waits for the solution", 1, iter([row]))


def _environment(isolation: Isolation) -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "torch": importlib.metadata.version("torch"),
        "grader": __version__,
        "isolation": isolation.name,
    }
