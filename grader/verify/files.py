"""What the folders of a challenge tell without being run: the stubs are the solution emptied, and give nothing away."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from grader.source import syntax_tree
from grader.stubs import BEGIN, END, has_whole_places, stub_of
from grader.verify.course import Course
from grader.verify.row import Part, Row

READ_BYTES = 1024**2  # of one file: source, not a trained model that lies beside it


def matching_part(course: Course) -> Part:
    names = sorted({path.name for folder in (course.stubs, course.solution) for path in folder.glob("*.py")})
    rows = (Row(name, not (wrong := _mismatch(course, name)), wrong) for name in names)
    return Part("files", "every stub is its solution with the marked places emptied", len(names), rows)


def _mismatch(course: Course, name: str) -> str:
    """Say how a stub and its solution differ; empty if they match."""
    stub, solution = course.stubs / name, course.solution / name
    make = f"make it with: python -m grader.stubs {course.name}"
    if not os.path.isfile(solution):
        return "stands among the stubs, but not in the solution"
    if not os.path.isfile(stub):
        return f"stands in the solution, but not among the stubs: {make}"
    source, own = (path.read_text(encoding="utf-8", errors="replace") for path in (solution, stub))
    if source.count(BEGIN) != source.count(END):
        return f"the solution has {source.count(BEGIN)} marks that begin and {source.count(END)} that end"
    if BEGIN in source and not has_whole_places(source):
        return "the solution has a mark that ends elsewhere than it begins: indent both alike, on lines of their own"
    if BEGIN not in source and any(step.file == name for step in course.challenge.steps):
        return f"the solution has no marked place ({BEGIN}), so that nothing is left to do"
    lines = zip_longest(own.splitlines(), stub_of(source).splitlines())
    number = next((number for number, (there, wanted) in enumerate(lines, start=1) if there != wanted), None)
    return f"line {number} is not that of the emptied solution: {make}" if number else ""


def hidden_part(course: Course) -> Part:
    found = (course.stubs, *course.stubs.rglob("*"))
    files = sorted(path for path in found if path.is_symlink() or os.path.isfile(path))
    return Part(
        "hidden", "no hidden file can be reached from the learner's folder", len(files), _reached(course, files)
    )


def _reached(course: Course, files: list[Path]) -> Iterator[Row]:
    hidden = dict(_hidden_texts(course))
    inside = os.path.realpath(course.stubs)
    for path in files:
        wrong, end = "", Path(os.path.realpath(path))  # which, unlike `resolve`, takes a link to itself
        if path.is_symlink() and (path == course.stubs or not end.is_relative_to(inside)):
            wrong = f"is a link to {end}: put a file of the learner's own there"
        elif os.path.isfile(path) and (original := hidden.get(_content(path))):
            wrong = f"is a copy of {original}: take it away"
        yield Row(str(path.relative_to(course.stubs.parent)), not wrong, wrong)


def _hidden_texts(course: Course) -> Iterator[tuple[str, str]]:
    """Find what learners must not see: content and name of the hidden files, and of the solution where it is one."""
    checks = course.challenge.folder
    for path in sorted(checks.rglob("*")):
        if os.path.isfile(path) and "__pycache__" not in path.parts:
            yield _content(path), f"the hidden file {path.relative_to(checks)}"
    for path in sorted(course.solution.glob("*.py")):
        if os.path.isfile(path) and BEGIN in path.read_text(encoding="utf-8", errors="replace"):
            yield _content(path), f"the solution's {path.name}"


def _content(path: Path) -> str:
    """Return what a file says, whatever its comments and its spaces; for one that is too large, its path."""
    if path.stat().st_size > READ_BYTES:
        return str(path)
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        code = [node for node in syntax_tree(text).body if not _is_text(node)]
        return "\n".join(map(ast.unparse, code)) or str(path)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return " ".join(text.split()) or str(path)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
