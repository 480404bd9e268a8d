"""What the folders tell without being run: hints, stubs that match their solution, hidden files out of reach."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.verify.course import Course as FoundCourse
from grader.verify.course import find_course
from grader.verify.files import hidden_part, matching_part
from grader.verify.hints import hints_part
from grader.verify.row import Part
from tests.verify.conftest import Course

PARTS: dict[str, Callable[[FoundCourse], Part]] = {
    "hints": lambda found: hints_part(found.challenge),
    "files": matching_part,
    "hidden": hidden_part,
}
HINT = "sum(dim=1) adds up each row and leaves [rows]. By what must you divide?"
Look = Callable[[Course], dict[str, str]]


@dataclass(frozen=True)
class Broken:
    """One way to break the toy challenge; `message` is a pattern that the part must say then."""

    name: str
    by: Callable[[Course], object]
    part: str
    message: str


def copy_of(course: Course, original: str, copy: str) -> None:
    """Put a hidden file among the stubs, with a comment of its own."""
    text = (course.checks / original).read_text(encoding="utf-8")
    (course.stubs / copy).write_text(f"# mine\n{text}", encoding="utf-8")


BROKEN = (
    Broken(
        "a hint is missing",
        lambda c: c.edit(c.checks / "challenge.toml", f'    "{HINT}",\n', ""),
        "hints",
        r"mean: 2 of at least 3 hints: write the others into challenge\.toml",
    ),
    Broken(
        "a hint is empty",
        lambda c: c.edit(c.checks / "challenge.toml", HINT, " "),
        "hints",
        "mean: hint 2 is empty",
    ),
    Broken(
        "a stub has drifted from its solution",
        lambda c: c.edit(c.stubs / "centre.py", "It is left as it was.", "It stays."),
        "files",
        r"centre\.py: line 11 is not that of the emptied solution: make it with: python -m grader\.stubs toy",
    ),
    Broken(
        "a given file is missing among the stubs",
        lambda c: (c.solution / "given.py").write_text("ONE = 1\n", encoding="utf-8"),
        "files",
        r"given\.py: stands in the solution, but not among the stubs",
    ),
    Broken(
        "a file is missing in the solution",
        lambda c: (c.stubs / "given.py").write_text("ONE = 1\n", encoding="utf-8"),
        "files",
        r"given\.py: stands among the stubs, but not in the solution",
    ),
    Broken(
        "a copy of hidden checks lies among the stubs",
        lambda c: copy_of(c, "test_mean.py", "notes.txt"),
        "hidden",
        r"toy/notes\.txt: is a copy of the hidden file test_mean\.py",
    ),
    Broken(
        "a copy of a mistake lies among the stubs",
        lambda c: copy_of(c, "mistakes/mean/sum_of_each_row.py", "old.bak"),
        "hidden",
        r"toy/old\.bak: is a copy of the hidden file mistakes/mean/sum_of_each_row\.py",
    ),
    Broken(
        "a link leads from the stubs to the hidden files",
        lambda c: (c.stubs / "more").symlink_to(c.checks),
        "hidden",
        r"toy/more: is a link to /.*/hidden/toy: put a file of the learner's own there",
    ),
    Broken(
        "two hints are the same",
        lambda c: c.edit(
            c.checks / "challenge.toml", HINT, "Divide values.sum(dim=1) by the number of columns, values.shape[1]."
        ),
        "hints",
        "mean: two of its hints are the same",
    ),
    Broken(
        "a solution leaves nothing to do",
        lambda c: [(folder / "mean.py").write_text("ONE = 1\n", encoding="utf-8") for folder in (c.stubs, c.solution)],
        "files",
        r"mean\.py: the solution has no marked place .*, so that nothing is left to do",
    ),
    Broken(
        "a mark begins and does not end",
        lambda c: c.edit(c.solution / "mean.py", "    # ---- your code: end ----\n", ""),
        "files",
        r"mean\.py: the solution has 1 marks that begin and 0 that end",
    ),
    Broken(
        "a mark ends elsewhere than it begins",
        lambda c: c.edit(c.solution / "mean.py", "    # ---- your code: end ----\n", "# ---- your code: end ----\n"),
        "files",
        r"mean\.py: the solution has a mark that ends elsewhere than it begins",
    ),
)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Look:
    """Says what falls short in each of the parts, by its name; "" where all of it holds."""

    def run(course: Course) -> dict[str, str]:
        monkeypatch.setenv("FINE_DROPOUT_CHECKS", str(course.checks_folder))
        found = find_course("toy", None, start=course.project, scratch=tmp_path)
        short = {name: [row for row in part(found).rows if not row.holds] for name, part in PARTS.items()}
        return {name: "\n".join(f"{row.subject}: {row.message}" for row in rows) for name, rows in short.items()}

    return run


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_what_is_broken_is_said_and_nothing_else(case: Broken, course: Course, look: Look) -> None:
    case.by(course)
    said = look(course)
    assert re.fullmatch(f"{case.message}.*", said.pop(case.part)), "one line"
    assert set(said.values()) == {""}


def test_where_nothing_is_broken_nothing_is_said(course: Course, look: Look) -> None:
    assert set(look(course).values()) == {""}


def test_a_link_inside_the_learners_folder_is_no_way_out(course: Course, look: Look) -> None:
    (course.stubs / "lesson.md").symlink_to("README.md")
    assert look(course)["hidden"] == ""


def test_a_learners_folder_that_is_a_link_is_a_way_out(course: Course, look: Look) -> None:
    course.stubs.rename(course.project / "elsewhere")
    course.stubs.symlink_to(course.solution)
    assert "toy: is a link to" in look(course)["hidden"]


def test_links_that_lead_nowhere_are_no_way_out(course: Course, look: Look) -> None:
    (course.stubs / "to_itself").symlink_to("to_itself")
    (course.stubs / "to_nothing").symlink_to("nothing")
    assert set(look(course).values()) == {""}


def test_code_of_any_depth_is_compared(course: Course, look: Look) -> None:
    deep = f"x = {' + '.join(900 * '1')}\n"
    (course.checks / "deep.py").write_text(deep, encoding="utf-8")
    for folder in (course.stubs, course.solution):
        (folder / "deep.py").write_text(deep, encoding="utf-8")
    assert look(course)["hidden"].startswith("toy/deep.py: is a copy of the hidden file deep.py")


def test_a_pipe_is_not_waited_for(course: Course, look: Look) -> None:
    for folder in (course.stubs, course.solution):
        os.mkfifo(folder / "pipe.py")
    assert look(course)["hidden"] == ""


def test_a_given_file_may_be_the_same_in_both_folders(course: Course, look: Look) -> None:
    for folder in (course.stubs, course.solution):
        (folder / "given.py").write_text("ONE = 1\n", encoding="utf-8")
    assert set(look(course).values()) == {""}
