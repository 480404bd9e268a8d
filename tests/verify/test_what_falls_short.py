"""A challenge with one thing broken: the part that looks at it falls short, says what to do, and no other part does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.verify.conftest import Course, Verified, Verify

RIGHT_MEAN = "from torch import Tensor\n\n\ndef mean(values: Tensor) -> Tensor:\n    return values.mean(dim=1)\n"
STUB_OF_CENTRE = '    raise NotImplementedError("centre is still to do")  # replace this line\n'


@dataclass(frozen=True)
class Broken:
    """One way to break the toy challenge.

    Attributes:
        name: what is wrong.
        by: breaks it.
        parts: the parts that must fall short.
        message: a pattern that what is said of them must hold.
    """

    name: str
    by: Callable[[Course], object]
    parts: frozenset[str]
    message: str


def broken(name: str, by: Callable[[Course], object], part: str, message: str) -> Broken:
    return Broken(name, by, frozenset(part.split()), message)


def write_mistake(course: Course, name: str, *, check: str = "mean.equals_the_definition", code: str = "") -> None:
    """Add a mistake of the step `mean`; its code is that of `sum_of_each_row` unless said otherwise."""
    like = (course.mistakes / "mean" / "sum_of_each_row.py").read_text(encoding="utf-8")
    docstring, own_code = like.replace("mean.equals_the_definition", check).rsplit('"""\n', 1)
    path = course.mistakes / "mean" / f"{name}.py"
    path.write_text(f'{docstring}"""\n{code or own_code}', encoding="utf-8")


BROKEN = (
    broken(
        "a stub passes",
        lambda c: c.edit(c.stubs / "centre.py", STUB_OF_CENTRE, "    return values - mean(values)[:, None]\n"),
        "files stubs",
        r"centre: centre\.\w+: not_run instead of todo",
    ),
    broken(
        "a stub is a copy of the solution",
        lambda c: (c.stubs / "mean.py").write_bytes((c.solution / "mean.py").read_bytes()),
        "files stubs hidden",
        r"toy/mean\.py: is a copy of the solution's mean\.py: take it away",
    ),
    broken(
        "a mistake is none",
        lambda c: write_mistake(c, "right", code=RIGHT_MEAN),
        "mistakes",
        r"mean/right: mean\.equals_the_definition does not catch it \(passed\); no other catches it either",
    ),
    broken(
        "a mistake is caught by another check than it names",
        lambda c: c.edit(
            c.mistakes / "centre" / "writes_into_its_input.py",
            "centre.leaves_its_input_alone",
            "centre.takes_its_mean_from_each_row",
        ),
        "mistakes",
        r"does not catch it \(passed\); others catch it: centre\.leaves_its_input_alone",
    ),
    broken(
        "a mistake names a check that is not there",
        lambda c: write_mistake(c, "lost", check="mean.no_such_check"),
        "mistakes",
        r"mean/lost: there is no check mean\.no_such_check; its step has: mean\.equals_the_definition",
    ),
    broken(
        "two mistakes cannot be told apart",
        lambda c: write_mistake(c, "total"),
        "mistakes",
        r"mean/total: mean\.equals_the_definition catches it, but does not know it",
    ),
    broken(
        "a mistake does not say where it is caught",
        lambda c: c.edit(c.mistakes / "mean" / "sum_of_each_row.py", "Caught by: ", "Found by: "),
        "mistakes",
        r"sum_of_each_row\.py: its docstring is not of the form",
    ),
    broken(
        "the smoke test cannot be passed",
        lambda c: c.edit(c.checks / "smoke.py", "BOUND = 1e-4", "BOUND = 0.0"),
        "solution mistakes",
        "smoke test: failed: The rows ended",
    ),
    broken(
        "the solution is wrong",
        lambda c: c.edit(c.solution / "mean.py", "values.sum(dim=1) / values.shape[1]", "values.sum(dim=1)"),
        "solution mistakes",
        r"mean: mean\.equals_the_definition: failed instead of passed",
    ),
)


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
def test_what_is_broken_falls_short_and_nothing_else(case: Broken, course: Course, verify: Verify) -> None:
    case.by(course)
    found = verify(course, "toy", "--no-mutants")
    assert found.short() == case.parts
    assert found.run.status == 1
    assert re.search(case.message, "\n".join(found.messages(part) for part in sorted(case.parts)))


def test_nothing_is_held_against_a_solution_that_does_not_pass(course: Course, verify: Verify) -> None:
    course.edit(course.solution / "mean.py", "values.sum(dim=1) / values.shape[1]", "values.sum(dim=1)")
    found = verify(course)
    not_looked_at = "solution: not looked at: the solution must pass first"
    assert (found.messages("mistakes"), found.messages("mutants")) == (not_looked_at, not_looked_at)


def test_every_part_holds_where_nothing_is_broken(green: Verified) -> None:
    assert green.short() == set()
    assert green.run.status == 0


def test_a_missing_smoke_test_is_none_to_pass(course: Course, verify: Verify) -> None:
    (course.checks / "smoke.py").unlink()
    found = verify(course, "toy", "--no-mutants")
    assert [row["subject"] for row in found.rows("solution")] == ["mean", "centre"]
    assert found.run.status == 0


def test_a_solution_that_python_cannot_read_is_told_of(course: Course, verify: Verify) -> None:
    course.edit(course.solution / "mean.py", "return values.sum", "return values.sum(")
    found = verify(course)
    assert "mean: mean.equals_the_definition: error instead of passed. SyntaxError" in found.messages("solution")
    assert found.short() == {"solution", "mistakes", "mutants"}
