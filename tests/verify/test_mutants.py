"""Mechanical mutants: what is changed in a file, which survive the checks, and which are excused."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from grader.mutants import Mutant, mutants_of
from tests.verify.conftest import Course, Verified, Verify

EXCUSE = dedent("""
    [[excused]]
    file = "mean.py"
    function = "mean"
    before = "return values.sum(dim=1) / values.shape[1]"
    after = "{after}"
    reason = "{reason}"
""")

# What stands in the file, and what must be tried instead, among other things.
CHANGES = {
    "a comparison": ("x = a < b", "x = a <= b"),
    "a comparison of identity": ("x = a is None", "x = a is not None"),
    "a sum": ("x = a + b", "x = a - b"),
    "a quotient": ("x = a / b", "x = a * b"),
    "a number": ("x = a[1]", "x = a[0]"),
    "an axis": ("x = a.sum(dim=-1)", "x = a.sum(dim=0)"),
    "the sign of an axis": ("x = a.sum(dim=-1)", "x = a.sum(dim=1)"),
    "the sign of a value": ("x = -a", "x = a"),
    "a truth": ("x = f(keepdim=True)", "x = f(keepdim=False)"),
    "a text": ("x = f('cpu')", "x = f('cpux')"),
    "a named argument": ("x = f(a, dim=1)", "x = f(a)"),
    "the order of arguments": ("x = f(a, b)", "x = f(b, a)"),
    "the order of a tuple": ("a, b = x", "b, a = x"),
    "a call": ("x = f(a)", "x = a"),
    "a method": ("x = a.to(device)", "x = a"),
    "a condition": ("x = a if c else b", "x = a if not c else b"),
    "a branch": ("x = a if c else b", "x = b"),
    "a negation": ("x = not a", "x = a"),
    "an or": ("x = a or b", "x = a and b"),
    "a statement": ("a.train()", "pass"),
    "an update": ("x += a", "x -= a"),
    "an if": ("if a:\n    b()", "if not a:\n    b()"),
    "a with": ("with a():\n    b()", "if True:\n    b()"),
    "a return": ("def f():\n    return a", "def f():\n    pass"),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES.keys())
def test_a_slip_of_the_hand_is_tried(before: str, after: str) -> None:
    sources = [mutant.source.strip() for mutant in mutants_of(before)]
    assert ast.unparse(ast.parse(after)) in sources


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring."""',
        "import torch as t",
        "from torch import Tensor",
        "def f(x: int) -> 'int':\n    pass",
        "x = f'{a} of {b}'",
    ],
    ids=["a docstring", "an import", "names that are imported", "annotations", "a message"],
)
def test_what_has_no_effect_on_answers_is_left_alone(source: str) -> None:
    texts = [mutant.source.strip() for mutant in mutants_of(source)]
    assert set(texts) <= {"pass"}  # at most the statement as a whole is left out


def test_no_mutant_is_the_file_itself_or_made_twice() -> None:
    source = "def f(x):\n    if not x:\n        return -1 or 1\n    return x[-1:], x[1]\n"
    sources = [mutant.source.strip() for mutant in mutants_of(source)]
    assert len(sources) == len(set(sources))
    assert source.strip() not in sources


def test_every_mutant_can_be_read_by_python() -> None:
    source = (
        "class A(B):\n    def f(self, a=1, *b, c=-2.5):\n        while a < 3:\n            a += g(a, *b, k=c)[1:-1]\n"
    )
    mutants = mutants_of(source)
    assert len(mutants) > 10
    assert all(ast.parse(mutant.source) for mutant in mutants)


def test_a_mutant_says_where_it_is_and_what_was_changed() -> None:
    source = "class A:\n    def f(self):\n        x = 1  # one\n        return (x +\n                y)\n"
    (mutant,) = [mutant for mutant in mutants_of(source) if "x - y" in mutant.after]
    assert (mutant.line, mutant.function) == (4, "A.f")
    assert (mutant.before, mutant.after) == ("return x + y", "return x - y")


def test_a_module_does_not_take_the_place_of_its_function() -> None:
    changed = [mutant.after for mutant in mutants_of("import torch\nx = torch.log(a)\n")]
    assert "x = a" in changed
    assert "x = torch" not in changed


def test_every_mutant_of_the_toy_is_looked_at(green: Verified, untouched: Course) -> None:
    made: list[Mutant] = []
    for step in ("mean", "centre"):
        made += mutants_of((untouched.solution / f"{step}.py").read_text(encoding="utf-8"))
    assert [(row["before"], row["after"]) for row in green.rows("mutants")] == [(m.before, m.after) for m in made]


def test_the_reason_of_an_excuse_is_reported(green: Verified) -> None:
    excused = [row["message"] for row in green.rows("mutants") if row["message"].startswith("excused: ")]
    assert excused == ["excused: The means are [rows], so that 1 and -1 are the same place for the new dimension."]


def test_a_survivor_falls_short_with_its_place_and_its_change(course: Course, verify: Verify) -> None:
    (course.checks / "excused_mutants.toml").unlink()
    found = verify(course)
    (row,) = found.rows("mutants", holding=False)
    assert row["subject"] == "centre.py:17"
    assert (row["before"], row["after"]) == ("means = mean(values).unsqueeze(-1)", "means = mean(values).unsqueeze(1)")
    assert "survives every check of centre" in row["message"]
    assert (found.short(), found.run.status) == ({"mutants"}, 1)


def test_a_check_that_looks_away_lets_mutants_live(course: Course, verify: Verify) -> None:
    looks_away = "tolerance=1e9, message=message"
    course.edit(course.checks / "test_mean.py", "tolerance=TOLERANCE, message=message", looks_away)
    survivors = {row["after"] for row in verify(course).rows("mutants", holding=False)}
    assert "return values.sum(dim=1) * values.shape[1]" in survivors


def add_excuse(course: Course, *, after: str, reason: str = "because") -> None:
    with (course.checks / "excused_mutants.toml").open("a", encoding="utf-8") as file:
        file.write(EXCUSE.format(after=after, reason=reason))


def test_an_excuse_for_what_is_not_made_any_more_falls_short(course: Course, verify: Verify) -> None:
    add_excuse(course, after="return values.sum(dim=7) / values.shape[1]")
    found = verify(course)
    (row,) = found.rows("mutants", holding=False)
    assert (row["subject"], row["file"]) == ("excused_mutants.toml", "mean.py")
    assert "is not made any more" in row["message"]


def test_an_excuse_for_what_is_caught_falls_short(course: Course, verify: Verify) -> None:
    add_excuse(course, after="return values.sum(dim=0) / values.shape[1]")
    (row,) = verify(course).rows("mutants", holding=False)
    assert "is excused, but mean.equals_the_definition catches it" in row["message"]


def test_an_excuse_needs_a_reason(course: Course, verify: Verify) -> None:
    add_excuse(course, after="pass", reason=" ")
    assert "excuse 2 must have the texts after, before, file, function, reason" in verify(course).messages("mutants")


def test_what_is_left_out_is_said(course: Course, verify: Verify) -> None:
    found = verify(course, "toy", "--no-mutants")
    assert found.run.json["left_out"] == ["mutants"]
    assert "mutants" not in found.parts()
