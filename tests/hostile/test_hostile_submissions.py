"""No hostile submission passes, disturbs another check, crashes the grader or leaves anything behind."""

from __future__ import annotations

import re

import pytest

from tests.hostile.conftest import Finder
from tests.hostile.gallery import GALLERY
from tests.hostile.hand_in import HandIn
from tests.hostile.hostile import Hostile, files_of

WAITS = "Waits for the step"
CHEAP_STEPS = ("devices", "log_softmax", "final_token_loss", "attention")


def rows_by_run() -> dict[str, list[Hostile]]:
    found: dict[str, list[Hostile]] = {}
    for row in GALLERY:
        found.setdefault(row.run_name, []).append(row)
    return found


def run_of(name: str, rows: list[Hostile], isolation: str) -> HandIn:
    steps = tuple(dict.fromkeys(row.target.step for row in rows))
    links = {link: to for row in rows for link, to in row.links.items()}
    limits = {limit: value for row in rows for limit, value in row.limits.items()}
    bystander = next((step for step in CHEAP_STEPS if step not in steps), steps[0])  # is to stay as it is
    only = () if any(row.whole for row in rows) else (*steps, bystander)
    landlock = max(row.landlock for row in rows)
    return HandIn(name, isolation, files_of(rows), links, only=only, limits=limits, landlock=landlock)


ROWS = rows_by_run()
RUNS = {(name, where): run_of(name, rows, where) for name, rows in ROWS.items() for where in rows[0].isolations}
ATTACKS = [(row, run) for (name, _), run in RUNS.items() for row in ROWS[name]]
each_attack = pytest.mark.parametrize(
    ("row", "run"), [pytest.param(row, run, id=f"{run.isolation}: {row.name}") for row, run in ATTACKS]
)
each_run = pytest.mark.parametrize(
    "run", [pytest.param(run, id=f"{run.isolation}: {run.name}") for run in RUNS.values()]
)


@each_attack
def test_every_check_of_what_is_attacked_ends_as_stated(row: Hostile, run: HandIn, finished: Finder) -> None:
    end = finished(run)
    hit = {name: check for name, check in end.checks.items() if row.target.is_hit(name)}
    assert hit, f"no check of the report is one of {row.target.checks}"
    assert {check["outcome"] for check in hit.values()} == {row.outcome}, end.described()
    assert all(re.search(row.message, check["message"]) for check in hit.values()), end.described()


@each_run
def test_no_other_check_is_changed(run: HandIn, finished: Finder) -> None:
    end = finished(run)
    touched = {name for name in end.checks for row in ROWS[run.name] if row.target.is_touched(name)}
    others = {name: check for name, check in end.checks.items() if name not in touched and not waits(check)}
    assert others
    assert {check["outcome"] for check in others.values()} <= {"passed"}, end.described()


def waits(check: dict[str, str]) -> bool:
    """True for a check of a step that is not tried before the steps that it builds upon are green."""
    return check["outcome"] == "not_run" and check["message"].startswith(WAITS)


@each_run
def test_the_verdict_is_not_passed_and_the_grader_is_well(run: HandIn, finished: Finder) -> None:
    end = finished(run)
    assert (end.watched.status, end.watched.errors) == (1, ""), end.described()
    assert end.report["passed"] is False
    assert end.report["environment"]["isolation"].startswith(run.isolation)


@each_run
def test_no_message_shows_a_traceback_or_the_grader_s_own_lines(run: HandIn, finished: Finder) -> None:
    end = finished(run)
    assert "Traceback" not in end.watched.output
    assert not [check for check in end.checks.values() if str(check["location"]).startswith(("grader", "/"))]


@each_run
def test_no_process_is_left(run: HandIn, finished: Finder) -> None:
    assert finished(run).watched.left == []


@each_run
def test_no_file_is_left_changed_or_taken_away(run: HandIn, finished: Finder) -> None:
    assert finished(run).changed == []


@each_run
def test_nobody_is_called_over_the_network(run: HandIn, finished: Finder) -> None:
    assert not finished(run).called


def test_the_gallery_is_large_and_no_two_attacks_have_one_name() -> None:
    names = [row.name for row in GALLERY]
    assert len(names) == len(set(names)) >= 50


def test_every_attack_differs_from_the_solution() -> None:
    plain = {name: row for name, row in ((row.name, row) for row in GALLERY) if not differs(row)}
    assert not plain


def differs(row: Hostile) -> bool:
    return bool(row.instead or row.before or row.at_import or row.beside or row.links)
