"""The command on a terminal, in a pipe, and stopped with Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.command import INTERRUPTED, NOT_PASSED, PASSED, WRONG_USAGE
from tests.command.conftest import environment
from tests.command.terminal import Terminal, open_terminal, processes_with

STOP_SECONDS = 10.0  # under one on an idle machine; a bound for a machine that is busy with other tests


@pytest.fixture(scope="module")
def stubs_on_terminal(project: Path, scratch: Path) -> Terminal:
    terminal = open_terminal(project, scratch, "challenge5")
    terminal.read_to_the_end()
    return terminal


@dataclass
class Stopped:
    """A run that was stopped, and what it left."""

    terminal: Terminal
    seconds: float
    scratch: Path


def stop(project: Path, scratch: Path, at: str) -> Stopped:
    terminal = open_terminal(project, scratch, "challenge5", "--solution")
    terminal.read_until(at)
    return Stopped(terminal, terminal.press_ctrl_c(), scratch)


@pytest.fixture(scope="module")
def stopped_in_checks(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    return stop(project, tmp_path_factory.mktemp("checks"), at="✓ final_token_loss")


@pytest.fixture(scope="module")
def stopped_in_smoke_test(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    return stop(project, tmp_path_factory.mktemp("smoke"), at="step    0")


@pytest.fixture(params=["stopped_in_checks", "stopped_in_smoke_test"])
def stopped(request: pytest.FixtureRequest) -> Stopped:
    found: Stopped = request.getfixturevalue(request.param)
    return found


def test_a_terminal_gets_marks_and_colours(stubs_on_terminal: Terminal) -> None:
    assert "○ log_softmax  to do\n" in stubs_on_terminal.text
    assert "\x1b[33m" in stubs_on_terminal.output


def test_a_terminal_keeps_nothing_of_what_was_live(stubs_on_terminal: Terminal) -> None:
    shown, hidden = stubs_on_terminal.output.rindex("\x1b[?25h"), stubs_on_terminal.output.rindex("\x1b[?25l")
    assert shown > hidden
    assert "…" not in stubs_on_terminal.output[shown:]


def test_a_pipe_gets_plain_lines(project: Path, scratch: Path) -> None:
    """...and a reader that leaves after the first one causes no complaint."""
    command = f"{sys.executable} -m grader challenge5 --no-smoke | head -n 1"
    variables = environment(scratch)
    done = subprocess.run(command, shell=True, cwd=project, env=variables, capture_output=True, text=True, check=False)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
    assert done.stdout.startswith("challenge5: ")


def test_a_reader_that_leaves_early_stops_the_run_quietly(project: Path, scratch: Path) -> None:
    command = [sys.executable, "-m", "grader", "challenge5", "--no-smoke"]
    process = subprocess.Popen(
        command, cwd=project, env=environment(scratch), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == (b"", 1)


GRADED = "challenge5 --only log_softmax"


def in_a_shell(command: str, project: Path, scratch: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    variables = environment(scratch, **changes)
    command = f"{sys.executable} -m grader {command}"
    return subprocess.run(command, shell=True, cwd=project, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("arguments", ["list", "--help", "challenge5 --help", GRADED, f"{GRADED} --format json"])
def test_output_that_cannot_be_written_is_said_in_one_line(
    arguments: str, unbuffered: str, project: Path, scratch: Path
) -> None:
    done = in_a_shell(f"{arguments} > /dev/full", project, scratch, PYTHONUNBUFFERED=unbuffered)
    said = "grade: The output cannot be written (No space left on device). Make room for it, or send it elsewhere.\n"
    assert (done.returncode, done.stderr) == (WRONG_USAGE, said)


@pytest.mark.parametrize(
    ("arguments", "status"), [("list", PASSED), ("challenge5 --help", PASSED), (f"{GRADED} --format json", NOT_PASSED)]
)
def test_output_that_is_closed_is_not_missed(arguments: str, status: int, project: Path, scratch: Path) -> None:
    done = in_a_shell(f"{arguments} <&- >&-", project, scratch)
    assert (done.returncode, done.stderr) == (status, "")


def test_what_is_wrong_stays_off_the_output_where_errors_are_closed(project: Path, scratch: Path) -> None:
    done = in_a_shell("challenge5 --colour 2>&-", project, scratch)
    assert (done.returncode, done.stdout) == (WRONG_USAGE, "")


def test_ctrl_c_ends_the_run_soon(stopped: Stopped) -> None:
    assert stopped.seconds < STOP_SECONDS


def test_ctrl_c_has_its_own_exit_status(stopped: Stopped) -> None:
    assert stopped.terminal.process.returncode == INTERRUPTED


def test_ctrl_c_says_what_was_graded_so_far(stopped: Stopped) -> None:
    found = re.search(
        r"Stopped with Ctrl-C, so not passed. Until then (\d+) of (\d+) checks passed.", stopped.terminal.text
    )
    assert found is not None
    assert int(found[1]) == int(found[2]) >= 18


def test_ctrl_c_shows_no_traceback(stopped: Stopped) -> None:
    assert "Traceback" not in stopped.terminal.output
    assert stopped.terminal.text.endswith("grade: stopped.\n")


def test_ctrl_c_gives_the_cursor_back(stopped: Stopped) -> None:
    output = stopped.terminal.output
    assert output.rindex("\x1b[?25h") > output.rindex("\x1b[?25l")


def test_ctrl_c_leaves_the_terminal_as_it_was(stopped: Stopped) -> None:
    assert termios.tcgetattr(stopped.terminal.screen) == stopped.terminal.settings


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc to look for processes in")
def test_ctrl_c_leaves_no_process(stopped: Stopped) -> None:
    assert processes_with(str(stopped.scratch)) == []


def test_ctrl_c_leaves_no_scratch_folder(stopped: Stopped) -> None:
    assert list(stopped.scratch.glob("fine-dropout-*")) == []


def test_data_that_are_refused_give_the_cursor_back(project: Path, scratch: Path, tmp_path: Path) -> None:
    data = tmp_path / "too-short.jsonl"
    data.write_text('{"text": "one sentence"}\n', encoding="utf-8")
    terminal = open_terminal(project, scratch, "challenge5", "--solution", "--data", str(data))
    terminal.read_to_the_end()
    assert terminal.process.returncode == WRONG_USAGE
    assert terminal.output.rindex("\x1b[?25h") > terminal.output.rindex("\x1b[?25l")


def test_two_signals_are_no_worse_than_one(project: Path, tmp_path: Path) -> None:
    terminal = open_terminal(project, tmp_path, "challenge5", "--solution", "--only", "attention")
    terminal.read_until("✓ In evaluation")
    os.kill(terminal.process.pid, signal.SIGINT)
    os.kill(terminal.process.pid, signal.SIGINT)
    terminal.read_to_the_end()
    assert terminal.process.returncode == INTERRUPTED
    assert processes_with(str(tmp_path)) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT], ids=lambda number: number.name)
def test_a_run_that_is_ended_from_outside_leaves_nothing(number: signal.Signals, project: Path, tmp_path: Path) -> None:
    terminal = open_terminal(project, tmp_path, "challenge5", "--only", "log_softmax")
    terminal.read_until("grading")
    terminal.process.send_signal(number)
    terminal.read_to_the_end()
    assert list(tmp_path.glob("fine-dropout-*")) == []
    assert processes_with(str(tmp_path)) == []
