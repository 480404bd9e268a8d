"""The report for a terminal, on consoles of a fixed size."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from grader.challenge import Challenge
from grader.report.rich_report import RichReport
from grader.text import printable
from grader.verdict import STOPPED, Outcome, SmokeResult, Verdict
from tests.command import reports

Written = Callable[..., str]
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
RIGHT_EDGE = re.compile(r" *[│╮╯]$")


def console_of(width: int, *, height: int = 24, terminal: bool = False) -> Console:
    colours = "standard" if terminal else None
    return Console(
        file=io.StringIO(),
        width=width,
        height=height,
        force_terminal=terminal,
        color_system=colours,
        highlight=False,
        _environ={"TERM": "xterm"},
    )


@pytest.fixture
def written(challenge: Challenge) -> Written:
    """Writes the report of a verdict on a console; returns all of it."""

    def write(verdict: Verdict, console: Console | None = None) -> str:
        console = console or console_of(80)
        reports.play(RichReport(console, reports.hint_for), challenge, verdict)
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    return write


def flat(text: str) -> str:
    """Return text without frames and line ends."""
    return re.sub(r"[\s│╭╮╰╯─]+", " ", text)


def test_a_green_step_takes_one_line(written: Written) -> None:
    text = written(reports.verdict_of(reports.PASSED, replace(reports.PASSED, id="attention.two")))
    assert "✓ attention  2 checks\n" in text
    assert reports.PASSED.title not in text


def test_a_full_pass_ends_with_the_verdict(written: Written) -> None:
    text = written(reports.verdict_of(reports.PASSED, smoke=reports.SMOKE))
    assert text.endswith("Passed: all 1 checks and the smoke test.\nisolation: plain process only\n")


def test_a_step_that_is_not_green_lists_its_checks(written: Written) -> None:
    text = flat(written(reports.verdict_of(reports.PASSED, reports.FAILED)))
    assert "✗ attention 1 of 2 checks pass" in text
    assert f"✓ {reports.PASSED.title} ✗ {reports.FAILED.title}" in text


def test_a_step_whose_checks_all_end_in_the_same_trouble_takes_one_line(written: Written) -> None:
    message = "attention.py is missing from the folder."
    checks = [replace(reports.ERROR, id=f"attention.{name}", message=message) for name in ("one", "two")]
    text = written(reports.verdict_of(*checks))
    assert f"\n✗ attention  {message}\n" in text
    assert f"✗ {reports.ERROR.title}"[:30] not in text


@pytest.mark.parametrize("width", reports.WIDTHS)
@pytest.mark.parametrize("check", reports.NOT_GREEN, ids=lambda check: check.outcome)
def test_the_block_says_what_where_and_which_hint(check: reports.CheckResult, width: int, written: Written) -> None:
    text = flat(written(reports.verdict_of(check), console_of(width)))
    assert f" attention {check.title} {check.message}" in text
    assert "where attention.py:42 " in text
    assert "hint Which positions does this loss look at? More: grade hint challenge5 attention" in text


def test_the_block_shows_expected_and_got_in_one_column(written: Written) -> None:
    text = written(reports.verdict_of(reports.FAILED))
    assert re.search(r"│ tried +x = .*\n│ expected  \[0.5, 0.25\].*\n│ got       \[0.25, 0.5\]", text)


def test_a_step_that_is_to_do_takes_one_line(written: Written) -> None:
    assert "○ attention  to do\n" in written(reports.verdict_of(reports.TODO, replace(reports.TODO, id="attention.x")))


def test_a_step_that_waits_says_for_what(written: Written) -> None:
    assert "· training  Waits for the step attention.\n" in written(reports.verdict_of(reports.TODO, reports.NOT_RUN))


def test_a_smoke_test_that_waits_says_for_what(written: Written) -> None:
    smoke = SmokeResult(Outcome.NOT_RUN, "Waits for the steps: attention.")
    text = written(reports.verdict_of(reports.TODO, smoke=smoke))
    assert "· smoke test  Waits for the steps: attention.\n" in text


def test_a_smoke_test_that_fails_shows_where_and_what_was_printed(written: Written) -> None:
    smoke = replace(reports.SMOKE, outcome=Outcome.ERROR, location="training.py:9", output="step done")
    text = written(reports.verdict_of(reports.PASSED, smoke=smoke))
    assert "  where    training.py:9\n  printed  step done\n" in text


@pytest.mark.parametrize("width", reports.WIDTHS)
@pytest.mark.parametrize("text", reports.HARD_TEXTS.values(), ids=reports.HARD_TEXTS)
def test_no_line_is_wider_than_the_window_whatever_learners_write(text: str, width: int, written: Written) -> None:
    shown = written(reports.verdict_of(reports.with_text(text)), console_of(width))
    assert max(cell_len(line) for line in shown.split("\n")) <= width


@pytest.mark.parametrize("text", reports.HARD_TEXTS.values(), ids=reports.HARD_TEXTS)
def test_no_name_of_a_folder_moves_the_cursor(text: str, challenge: Challenge) -> None:
    console = console_of(10_000)
    RichReport(console, reports.hint_for).started(challenge, text)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines()[1] == f"grading {printable(text)}"


@pytest.mark.parametrize("text", reports.HARD_TEXTS.values(), ids=reports.HARD_TEXTS)
def test_nothing_that_learners_write_moves_the_cursor(text: str, written: Written) -> None:
    assert written(reports.verdict_of(reports.with_text(text))).replace("\n", "").isprintable()


def test_markup_of_a_learner_is_text(written: Written) -> None:
    assert "[bold]not bold[/bold] [/] [red" in written(
        reports.verdict_of(reports.with_text(reports.HARD_TEXTS["markup"]))
    )


def test_markup_in_generated_text_is_text(written: Written) -> None:
    smoke = replace(reports.SMOKE, sample="[bold] [/] \x1b[2J")
    assert r"[bold] [/] \x1b[2J" in written(reports.verdict_of(reports.PASSED, smoke=smoke))


@pytest.mark.parametrize("width", [20, 31, 32, 33, *reports.WIDTHS])
def test_the_smoke_test_fits_every_window(width: int, written: Written) -> None:
    shown = written(reports.verdict_of(reports.PASSED, smoke=reports.SMOKE), console_of(width))
    assert max(map(cell_len, shown.split("\n"))) <= width


@pytest.mark.parametrize(("width", "height"), [(40, 10), (40, 5), (80, 24), (120, 40)])
def test_the_live_part_never_outgrows_the_window(width: int, height: int, challenge: Challenge) -> None:
    console = console_of(width, height=height, terminal=True)
    report = RichReport(console, reports.hint_for)
    report.started(challenge, "challenges/challenge5")
    for number in range(30):
        report.check_finished(replace(reports.FAILED, id=f"attention.{number}"))
        assert report.live is not None
        assert len(console.render_lines(report.live.get_renderable())) < height
    report.close()


def test_the_live_part_shows_the_check_that_came_last(challenge: Challenge) -> None:
    console = console_of(80, height=8, terminal=True)
    report = RichReport(console, reports.hint_for)
    report.started(challenge, "challenges/challenge5")
    for number in range(30):
        report.check_finished(replace(reports.PASSED, title=f"check number {number}"))
    with console.capture() as shown:
        console.print(report.live.get_renderable() if report.live else "")
    report.close()
    assert "check number 29" in shown.get()


def test_the_live_part_does_not_list_checks_that_are_not_run(challenge: Challenge) -> None:
    console = console_of(80, terminal=True)
    reports.play(RichReport(console, reports.hint_for), challenge, reports.verdict_of(reports.TODO, reports.NOT_RUN))
    assert isinstance(console.file, io.StringIO)
    assert reports.NOT_RUN.title not in console.file.getvalue()


def test_a_terminal_gets_its_cursor_back(written: Written) -> None:
    shown = written(reports.verdict_of(reports.PASSED, smoke=reports.SMOKE), console_of(80, terminal=True))
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_step_that_was_stopped_is_not_shown_as_green(challenge: Challenge) -> None:
    console = console_of(80)
    report = RichReport(console, reports.hint_for)
    report.started(challenge, "challenges/challenge5")
    report.check_finished(reports.PASSED)
    report.finished(reports.verdict_of(reports.PASSED, left_out=(STOPPED,)))
    assert isinstance(console.file, io.StringIO)
    assert "· attention  1 check, then stopped\n" in console.file.getvalue()


def test_no_color_leaves_the_colours_out(written: Written) -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, _environ={"NO_COLOR": "1", "TERM": "xterm"})
    shown = written(reports.verdict_of(reports.FAILED), console)
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", shown)


def test_a_dumb_terminal_gets_no_escape_codes(written: Written) -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, _environ={"TERM": "dumb"})
    shown = written(reports.verdict_of(reports.FAILED, smoke=reports.SMOKE), console)
    assert "\x1b" not in shown
