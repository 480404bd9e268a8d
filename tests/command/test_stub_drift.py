"""A stub is its solution with the marked parts taken out, and gives none of them away."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.stubs import BEGIN, END, stub_of
from tests.command.conftest import ROOT

SOLUTION_FILES = sorted((ROOT / "solutions").glob("*/*.py"))
TOO_COMMON = re.compile(r"\W*|else:|try:")  # lines that say nothing of an answer


def stub_beside(solution: Path) -> str:
    return (ROOT / "challenges" / solution.parent.name / solution.name).read_text(encoding="utf-8")


def marked_lines(source: str) -> set[str]:
    places = re.findall(rf"{BEGIN}\n(.*?){END}", source, re.DOTALL)
    lines = {line.strip() for place in places for line in place.splitlines()}
    return {line for line in lines if not TOO_COMMON.fullmatch(line)}


@pytest.mark.parametrize("solution", SOLUTION_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_stub_is_exactly_its_solution_emptied(solution: Path) -> None:
    assert stub_beside(solution) == stub_of(solution.read_text(encoding="utf-8"))


@pytest.mark.parametrize("solution", SOLUTION_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_stub_holds_no_line_of_the_answer(solution: Path) -> None:
    given_away = {line.strip() for line in stub_beside(solution).splitlines()}
    assert marked_lines(solution.read_text(encoding="utf-8")) & given_away == set()


@pytest.mark.parametrize("folder", sorted((ROOT / "solutions").iterdir()), ids=lambda folder: folder.name)
def test_challenge_and_solution_hold_the_same_files(folder: Path) -> None:
    stubs = {path.name for path in (ROOT / "challenges" / folder.name).glob("*.py")}
    assert stubs == {path.name for path in folder.glob("*.py")}


@pytest.mark.parametrize("solution", SOLUTION_FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_mark_that_begins_ends(solution: Path) -> None:
    source = solution.read_text(encoding="utf-8")
    assert source.count(BEGIN) == source.count(END) == stub_of(source).count("raise NotImplementedError(")


def test_a_stub_names_the_function_that_is_still_to_do() -> None:
    source = f"def one():\n    {BEGIN}\n    return 1\n    {END}\n\n\ndef two():\n    {BEGIN}\n    return 2\n    {END}\n"
    assert re.findall(r'NotImplementedError\("(\w+) is still to do"\)', stub_of(source)) == ["one", "two"]


def test_text_without_marks_stays_as_it_is() -> None:
    assert stub_of("x = 1  # given\n") == "x = 1  # given\n"
