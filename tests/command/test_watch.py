"""`grade watch` on a terminal: a verdict on each save, keys, and an end that leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.command import INTERRUPTED
from tests.command.conftest import ROOT, environment
from tests.command.terminal import CTRL_BACKSLASH, CTRL_C, CTRL_Z, Terminal, open_terminal, processes_with

TOY = ROOT / "tests" / "toy"
CHECKS = str(TOY / "checks")
KEYS = "q quit"  # the last thing on the screen
SHELL = """  # `grade watch`, Ctrl-Z, `bg`, something else for some seconds, `fg`
import os, signal, subprocess, sys, termios, time
from pathlib import Path

def seconds():
    user, system = (Path("/proc") / str(watch.pid) / "stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

def go_on(group):
    os.tcsetpgrp(0, group)
    termios.tcsetattr(0, termios.TCSANOW, settings)
    os.killpg(watch.pid, signal.SIGCONT)

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
settings = termios.tcgetattr(0)
watch = subprocess.Popen(sys.argv[1:], process_group=0, preexec_fn=lambda: os.tcsetpgrp(0, os.getpgrp()))
os.waitpid(watch.pid, os.WUNTRACED)
before = seconds()
go_on(os.getpgrp())
print("in the background", flush=True)
time.sleep(2.0)
print(f"it took {seconds() - before:.2f} s; the shell reads {input()}", flush=True)
assert os.waitpid(watch.pid, os.WNOHANG | os.WUNTRACED) == (0, 0)
go_on(watch.pid)
sys.exit(watch.wait())
"""
ENDLESS = "def mean(values):\n    while True:\n        pass\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The toy challenge, with untouched stubs."""
    folder = tmp_path / "project"
    shutil.copytree(TOY / "challenges", folder / "challenges", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def files(project: Path) -> Path:
    return project / "challenges" / "toy"


@pytest.fixture
def terminal(project: Path, tmp_path: Path) -> Iterator[Terminal]:
    """The command as it waits for the first save."""
    watching = open_terminal(project, tmp_path, "watch", "toy", FINE_DROPOUT_CHECKS=CHECKS)
    watching.read_until(KEYS)
    yield watching
    if watching.process.poll() is None:
        watching.press_ctrl_c()


def solve(files: Path, *steps: str) -> None:
    for step in steps:
        shutil.copy(TOY / "solutions" / "toy" / f"{step}.py", files)


def test_all_steps_are_graded_at_the_start(terminal: Terminal) -> None:
    assert "○ mean  to do\n" in terminal.text
    assert "○ centre  to do\n" in terminal.text


def test_a_save_is_graded(terminal: Terminal, files: Path) -> None:
    solve(files, "mean")
    text = terminal.read_until(KEYS, anew=True)
    assert "mean.py saved" in text
    assert "✓ mean" in text
    assert "Not passed yet: 1 of 2 steps green. Next: centre." in text


def test_green_checks_without_the_smoke_test_are_no_pass(terminal: Terminal, files: Path) -> None:
    solve(files, "mean", "centre")
    text = terminal.read_until("because of", anew=True)
    assert "Not a full pass" in text
    assert "Passed" not in text


def test_a_step_that_waited_is_graded_once_what_it_needs_is_green(terminal: Terminal, files: Path) -> None:
    solve(files, "centre")
    terminal.read_until("centre: Waits for the step mean", anew=True)
    solve(files, "mean")
    assert "✓ centre" in terminal.read_until("because of", anew=True)


def test_the_key_a_grades_everything(terminal: Terminal, files: Path) -> None:
    solve(files, "mean", "centre")
    terminal.read_until("because of", anew=True)
    terminal.press("a")
    text = terminal.read_until("Passed: all", anew=True)
    assert "✓ smoke test" in text


def test_the_key_h_shows_one_hint_after_the_other(terminal: Terminal) -> None:
    terminal.press("h")
    terminal.read_until("mean, hint 2 of 3", anew=True)
    terminal.press("h")
    assert "That was the last hint." in terminal.read_until("The lesson", anew=True)


def test_the_key_q_quits_and_gives_the_terminal_back(terminal: Terminal, tmp_path: Path) -> None:
    terminal.press("q")
    terminal.read_to_the_end()
    assert terminal.process.returncode == 0
    assert termios.tcgetattr(terminal.screen) == terminal.settings
    assert processes_with(str(tmp_path)) == []
    assert list(tmp_path.glob("fine-dropout-*")) == []


@pytest.mark.parametrize("key", [CTRL_C, CTRL_BACKSLASH], ids=["C", "backslash"])
def test_ctrl_quits_and_gives_the_terminal_back(key: str, terminal: Terminal, tmp_path: Path) -> None:
    terminal.press_to_end(key)
    assert terminal.process.returncode == INTERRUPTED
    assert "Traceback" not in terminal.output
    assert termios.tcgetattr(terminal.screen) == terminal.settings
    assert processes_with(str(tmp_path)) == []
    assert list(tmp_path.glob("fine-dropout-*")) == []


def test_keys_count_again_after_ctrl_z_and_fg(terminal: Terminal) -> None:
    os.kill(terminal.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, terminal.process.pid, os.WSTOPPED)
    termios.tcsetattr(terminal.screen, termios.TCSANOW, terminal.settings)  # as the shell does
    os.kill(terminal.process.pid, signal.SIGCONT)
    terminal.press("h")
    terminal.read_until("mean, hint 2 of 3", anew=True)
    terminal.press("q")
    terminal.read_to_the_end()
    assert terminal.process.returncode == 0
    assert termios.tcgetattr(terminal.screen) == terminal.settings


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the time that a process took is read from /proc")
def test_in_the_background_the_terminal_is_left_to_the_shell(project: Path, tmp_path: Path) -> None:
    terminal = open_terminal(project, tmp_path, "watch", "toy", shell=SHELL, FINE_DROPOUT_CHECKS=CHECKS)
    terminal.read_until(KEYS)
    terminal.press(CTRL_Z)
    terminal.read_until("in the background")
    terminal.press("q\n")
    text = terminal.read_until("the shell reads q")
    assert float(text.rpartition("it took ")[2].partition(" s")[0]) < 0.5
    terminal.press("h")
    terminal.read_until("mean, hint 2 of 3", anew=True)
    terminal.press("q")
    terminal.read_to_the_end()
    assert terminal.process.returncode == 0
    assert termios.tcgetattr(terminal.screen) == terminal.settings


def test_a_save_breaks_off_what_is_graded(terminal: Terminal, files: Path) -> None:
    (files / "mean.py").write_text(ENDLESS, encoding="utf-8")
    terminal.read_until("mean.py saved", anew=True)
    solve(files, "mean")
    assert "No answer within" not in terminal.read_until("✓ mean")
    assert "1 of 2 steps green" in terminal.read_until(KEYS)


def test_q_does_not_wait_for_a_loop_that_never_ends(terminal: Terminal, files: Path, tmp_path: Path) -> None:
    (files / "mean.py").write_text(ENDLESS, encoding="utf-8")
    terminal.read_until("mean.py saved", anew=True)
    terminal.press("q")
    terminal.read_to_the_end()
    assert "No answer within" not in terminal.text
    assert processes_with(str(tmp_path)) == []


def test_ctrl_c_does_not_wait_for_a_child_that_is_still_loading(project: Path, tmp_path: Path) -> None:
    arguments = ("watch", "toy", "--isolation", "process")
    watching = open_terminal(project, tmp_path, *arguments, FINE_DROPOUT_CHECKS=CHECKS)
    while not (children := set(processes_with(str(tmp_path))) - {watching.process.pid}):
        watching.read(0.01)
    for child in children:
        os.kill(child, signal.SIGSTOP)
    watching.read_until("grading")
    watching.press_ctrl_c()
    assert watching.process.returncode == INTERRUPTED
    assert processes_with(str(tmp_path)) == []


def test_an_editor_may_save_by_renaming(terminal: Terminal, files: Path, tmp_path: Path) -> None:
    shutil.copy(TOY / "solutions" / "toy" / "mean.py", tmp_path / "mean.py~")
    os.replace(tmp_path / "mean.py~", files / "mean.py")
    assert "✓ mean" in terminal.read_until(KEYS, anew=True)


def test_a_file_that_is_made_later_is_seen(terminal: Terminal, files: Path) -> None:
    (files / "mean.py").write_text("from helper import mean\n", encoding="utf-8")
    terminal.read_until(KEYS, anew=True)
    (files / "helper.py").write_text("def mean(values):\n    return values.mean(dim=1)\n", encoding="utf-8")
    text = terminal.read_until(KEYS, anew=True)
    assert "helper.py saved" in text
    assert "✓ mean" in text


def test_another_folder_may_take_the_place_of_the_watched_one(terminal: Terminal, files: Path) -> None:
    """...as when git switches to another branch."""
    files.rename(files.with_name("before"))
    shutil.copytree(TOY / "solutions" / "toy", files)
    terminal.read_until("because of", anew=True)
    shutil.copy(files.with_name("before") / "centre.py", files)
    assert "1 of 2 steps green" in terminal.read_until("steps green", anew=True)


def test_many_gradings_leave_nothing_open(terminal: Terminal, files: Path) -> None:
    def grade_once() -> tuple[int, int]:
        (files / "mean.py").write_text("def mean(values):\n    return values.sum(dim=0)\n", encoding="utf-8")
        terminal.read_until("✗ mean", anew=True)
        terminal.read_until(KEYS)
        solve(files, "mean")
        terminal.read_until("✓ mean", anew=True)
        terminal.read_until(KEYS)
        process = Path("/proc") / str(terminal.process.pid)
        return len(list((process / "fd").iterdir())), len(list((process / "task").iterdir()))

    grade_once()
    first = grade_once()
    assert [grade_once() for _ in range(4)][-1] == first


@pytest.fixture
def piped(project: Path, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    variables = environment(tmp_path, FINE_DROPOUT_CHECKS=CHECKS, PYTHONUNBUFFERED="1")
    command = [sys.executable, "-m", "grader", "watch", "toy"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=project, env=variables, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    ) as process:
        yield process
        process.kill()


def test_without_a_terminal_there_are_plain_lines_and_no_keys(piped: subprocess.Popen[str], files: Path) -> None:
    assert piped.stdout is not None
    before = "".join(iter(piped.stdout.readline, "Waiting for the next save. Ctrl-C stops.\n"))
    solve(files, "mean")
    after = "".join(iter(piped.stdout.readline, "Waiting for the next save. Ctrl-C stops.\n"))
    piped.send_signal(signal.SIGINT)
    assert "\x1b" not in before + after
    assert "1 of 2 steps green" in after
    assert piped.wait() == INTERRUPTED
