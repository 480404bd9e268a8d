"""The plain report: lines that fit, and nothing but text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from grader.challenge import Challenge
from grader.report.plain_report import PlainReport
from grader.report.wrapping import wrap
from grader.text import printable
from grader.verdict import STOPPED, Verdict
from tests.command import reports
from tests.command.conftest import Run

Written = Callable[[Verdict], str]
PATH_LINES = re.compile(r"^(  curves: /.*|Grading /.*)$")


@pytest.fixture(params=reports.WIDTHS)
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture
def written(width: int, challenge: Challenge, monkeypatch: pytest.MonkeyPatch) -> Written:
    """Writes the report of a verdict in a terminal of this width."""
    monkeypatch.setenv("COLUMNS", str(width))

    def write(verdict: Verdict) -> str:
        stream = io.StringIO()
        reports.play(PlainReport(stream, reports.hint_for), challenge, verdict)
        return stream.getvalue()

    return write


def widest(text: str) -> int:
    return max(cell_len(line) for line in text.split("\n") if not PATH_LINES.match(line))


@pytest.mark.parametrize("text", reports.HARD_TEXTS.values(), ids=reports.HARD_TEXTS)
def test_no_line_is_wider_than_the_window_whatever_learners_write(text: str, width: int, written: Written) -> None:
    assert widest(written(reports.verdict_of(reports.with_text(text)))) <= width


@pytest.mark.parametrize("text", reports.HARD_TEXTS.values(), ids=reports.HARD_TEXTS)
def test_nothing_that_learners_write_moves_the_cursor(text: str, written: Written) -> None:
    assert written(reports.verdict_of(reports.with_text(text))).replace("\n", "").isprintable()


@pytest.mark.parametrize("text", reports.HARD_TEXTS.values(), ids=reports.HARD_TEXTS)
def test_no_name_of_a_folder_moves_the_cursor(text: str, challenge: Challenge) -> None:
    stream = io.StringIO()
    PlainReport(stream, reports.hint_for).started(challenge, text)
    assert " ".join(stream.getvalue().splitlines()).endswith(f"Grading {printable(text)}")


@pytest.mark.parametrize("check", reports.NOT_GREEN, ids=lambda check: check.outcome)
def test_a_check_that_is_not_green_is_explained(check: reports.CheckResult, written: Written) -> None:
    text = re.sub(r"\s+", " ", written(reports.verdict_of(reports.PASSED, check)))
    assert f"-- attention: {check.title}" in text
    assert f"{check.message}" in text
    assert "where attention.py:42" in text
    assert "hint Which positions does this loss look at?" in text


def test_a_failure_shows_expected_and_got_below_each_other(written: Written) -> None:
    text = written(reports.verdict_of(reports.FAILED))
    assert "tried     x = [[1.0, 2.0]]\nexpected  [0.5, 0.25]\ngot       [0.25, 0.5]\nwhere     attention.py:42" in text


def test_an_error_in_a_given_file_shows_the_line_that_led_there(written: Written) -> None:
    check = replace(reports.FAILED, location="model5.py:73", origin="attention.py:42")
    text = re.sub(r"\s+", " ", written(reports.verdict_of(check)))
    assert "where model5.py:73, reached from attention.py:42" in text


def test_a_real_failure_is_explained_before_what_is_to_do(written: Written) -> None:
    text = written(reports.verdict_of(reports.TODO, reports.replace(reports.FAILED, step="training")))
    assert "-- training:" in text


def test_a_full_pass_says_so(written: Written) -> None:
    text = written(reports.verdict_of(reports.PASSED, smoke=reports.SMOKE))
    assert "Passed: all 1 checks and the smoke test." in text


def test_a_full_pass_fits_the_window(width: int, written: Written) -> None:
    assert widest(written(reports.verdict_of(reports.PASSED, smoke=reports.SMOKE))) <= width


def test_a_run_that_was_stopped_says_what_was_graded(written: Written) -> None:
    text = written(reports.verdict_of(reports.PASSED, reports.FAILED, left_out=(STOPPED,)))
    assert "Until then 1 of 2 checks passed." in text.replace("\n", " ")


@pytest.mark.parametrize("columns", ["0", "1", "30", "35", "36"])
def test_no_window_is_too_narrow_for_the_curves(
    columns: str, challenge: Challenge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    stream = io.StringIO()
    report = PlainReport(stream, reports.hint_for)
    reports.play(report, challenge, reports.verdict_of(reports.PASSED, smoke=reports.SMOKE))
    assert "train " in stream.getvalue()


def test_a_real_run_fits_the_window_that_it_was_told(mixed: Run, mixed_folder: Path) -> None:
    assert widest(mixed.output.replace(str(mixed_folder), "FOLDER")) <= 40  # a path is not broken over lines


def test_a_real_run_writes_no_escape_codes(mixed: Run, stubs: Run, solution_without_smoke: Run) -> None:
    assert "\x1b" not in mixed.output + stubs.output + solution_without_smoke.output


@pytest.mark.parametrize("width_of_line", [2, 3, 10, 40])
@pytest.mark.parametrize("text", ["", "a", "a b  c", "日本語 text", "x" * 99, "  indented"])
def test_wrapping_loses_no_letter(text: str, width_of_line: int) -> None:
    lines = wrap(text, width_of_line)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert max(map(cell_len, lines)) <= width_of_line


def test_wrapping_keeps_a_path_in_one_piece() -> None:
    assert wrap("Grading /a/very/long/path", 10, whole_words=True) == ["Grading", "/a/very/long/path"]


@pytest.mark.parametrize(
    ("name", "why_not", "line"),
    [
        ("bwrap", "", "isolation: bubblewrap"),
        ("process", "", "isolation: plain process only"),
        ("process", "bubblewrap is not there", "isolation: plain process only (bubblewrap is not there)"),
    ],
)
def test_the_isolation_is_said_and_why_it_is_no_better(name: str, why_not: str, line: str, written: Written) -> None:
    verdict = replace(reports.verdict_of(reports.PASSED), environment={"isolation": name}, why_not_isolated=why_not)
    assert " ".join(written(verdict).split()).endswith(line)
