"""The command on a terminal, in a pipe, and stopped with Ctrl-C."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.command import INTERRUPTED
from tests.command.conftest import RUN_SECONDS, environment

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
STOP_SECONDS = 10.0  # under one on an idle machine; a bound for a machine that is busy with other tests


@dataclass
class Terminal:
    """A run of the command on a terminal of 80 columns and 24 lines."""

    process: subprocess.Popen[bytes]
    screen: int  # our end of the terminal
    settings: list[Any]
    output: str = ""

    def read(self, seconds: float) -> bool:
        """Take what the command writes within so many seconds; False at its end."""
        if not select.select([self.screen], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.screen, 1 << 16)
        except OSError:  # nobody holds the other end any more
            return False
        self.output += data.decode(errors="replace")
        return bool(data)

    def read_until(self, text: str) -> None:
        deadline = time.monotonic() + RUN_SECONDS
        while text not in self.text:
            assert self.read(0.1), self.output
            assert time.monotonic() < deadline, self.output

    def press_ctrl_c(self) -> float:
        """Press it and wait for the end; return how long that took, in seconds."""
        started = time.monotonic()
        os.write(self.screen, b"\x03")
        self.read_to_the_end()
        return time.monotonic() - started

    def read_to_the_end(self) -> None:
        while self.process.poll() is None:
            self.read(0.05)
        while select.select([self.screen], [], [], 0)[0] and self.read(0):
            pass

    @property
    def text(self) -> str:
        return ESCAPE.sub("", self.output).replace("\r", "")


def open_terminal(project: Path, scratch: Path, *arguments: str, **changes: str) -> Terminal:
    screen, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    variables = environment(scratch, TMPDIR=str(scratch), **changes)
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", *arguments],
        cwd=project,
        env=variables,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that ^C on it becomes a signal
    )
    settings = termios.tcgetattr(theirs)
    os.close(theirs)
    return Terminal(process, screen, settings)


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


def processes_with(text: str) -> list[int]:
    """Return the processes in whose environment this stands."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if text.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
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


def test_two_signals_are_no_worse_than_one(project: Path, tmp_path: Path) -> None:
    terminal = open_terminal(project, tmp_path, "challenge5", "--solution", "--only", "attention")
    terminal.read_until("✓ In evaluation")
    os.kill(terminal.process.pid, signal.SIGINT)
    os.kill(terminal.process.pid, signal.SIGINT)
    terminal.read_to_the_end()
    assert terminal.process.returncode == INTERRUPTED
    assert processes_with(str(tmp_path)) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_run_that_is_ended_from_outside_leaves_nothing(number: signal.Signals, project: Path, tmp_path: Path) -> None:
    terminal = open_terminal(project, tmp_path, "challenge5", "--only", "log_softmax")
    terminal.read_until("grading")
    terminal.process.send_signal(number)
    terminal.read_to_the_end()
    assert list(tmp_path.glob("fine-dropout-*")) == []
    assert processes_with(str(tmp_path)) == []
