"""A fault of the grader is called one: status 3, what happened, and where to report it; never a verdict."""

from __future__ import annotations

import errno
import importlib.metadata
import os
import platform
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any, NoReturn

import pytest

from grader import grading
from grader.checking import runner
from grader.command import main
from grader.errors import GraderError
from grader.fault import how_to_report
from grader.run import Run
from grader.submission.process import ChildProcess
from tests.command.conftest import RUN_SECONDS, environment


@pytest.fixture(autouse=True)
def in_a_project(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setattr(ChildProcess, "start", lambda self: None)  # none of these runs comes to a check


def fail_with(error: BaseException) -> Any:
    def fail(*arguments: Any, **options: Any) -> NoReturn:
        raise error

    return fail


def test_a_grader_error_says_where_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(grading, "load_challenge", fail_with(GraderError("challenge.toml: KeyError: 'step'")))
    assert main(["challenge5"]) == 3
    said = capsys.readouterr().err
    assert said == f"grade: challenge.toml: KeyError: 'step'\n\n{how_to_report(['challenge5'])}\n"


def test_a_report_names_the_command_the_versions_and_the_system() -> None:
    lines = how_to_report(["challenge5", "my folder", "--seed", "7"]).splitlines()
    assert lines[2] == "  command:  grade challenge5 'my folder' --seed 7"
    assert f"Python {platform.python_version()}" in lines[3]
    assert f"torch {importlib.metadata.version('torch')}" in lines[3]
    assert platform.system() in lines[4]


def test_a_report_has_nothing_in_it_that_moves_the_cursor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(grading, "load_challenge", fail_with(GraderError("bwrap: \x1b[2J: no such folder")))
    assert main(["challenge5", "\x1b[2J"]) == 3
    said = capsys.readouterr().err
    assert said.replace("\n", "").isprintable()
    assert said.startswith(r"grade: bwrap: \x1b[2J: no such folder")
    assert r"grade challenge5 $'\033[2J'" in said


def test_a_package_that_is_missing_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", fail_with(importlib.metadata.PackageNotFoundError()))
    assert "torch not installed" in how_to_report([])


def test_an_unexpected_exception_shows_its_traceback_and_where_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(grading, "load_challenge", fail_with(ZeroDivisionError("a bug")))
    assert main(["challenge5"]) == 3
    errors = capsys.readouterr().err
    assert "ZeroDivisionError: a bug" in errors
    assert errors.endswith(f"{how_to_report(['challenge5'])}\n")


def test_a_broken_check_is_no_verdict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runner._ChecksPlugin, "_run", fail_with(AttributeError("a bug in a check")))
    assert main(["challenge5", "--format", "json"]) == 3
    output, errors = capsys.readouterr()
    assert output == ""
    assert "the check log_softmax.equals_the_reference is broken" in errors
    assert "AttributeError: a bug in a check" in errors


def test_a_terminal_gets_its_cursor_back_after_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(runner._ChecksPlugin, "_run", fail_with(AttributeError("a bug in a check")))
    assert main(["challenge5", "--format", "rich"]) == 3
    output = capsys.readouterr().out
    assert output.rindex("\x1b[?25h") > output.rindex("\x1b[?25l")


def test_a_reader_who_is_gone_is_no_fault(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(runner._ChecksPlugin, "_run", fail_with(AssertionError("not reached")))
    monkeypatch.setattr(Run, "_run_checks", fail_with(BrokenPipeError()))
    monkeypatch.setattr("os.dup2", lambda *descriptors: None)  # the output is pytest's own here
    assert main(["challenge5", "--format", "plain"]) == 1
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("can't start new thread"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        MemoryError(),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        OSError(errno.EMFILE, os.strerror(errno.EMFILE)),
        GraderError("the child's nursery has ended: bwrap: Can't fork for pid 1: Resource temporarily unavailable"),
    ],
    ids=str,
)
def test_a_machine_that_gives_too_little_is_said_to_in_one_line(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(grading, "load_challenge", fail_with(error))
    assert main(["challenge5"]) == 3
    said = capsys.readouterr().err
    assert said.startswith(
        "grade: this machine lets you start too few processes (ulimit -u) or open too few files (ulimit -n), "
        "or gives too little memory (ulimit -v), to run the grader."
    )
    assert said.endswith(f"{str(error) or 'MemoryError'}\n")
    assert said.count("\n") == 1


def test_a_process_that_cannot_be_forked_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unavailable = BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    monkeypatch.setattr(subprocess, "_fork_exec", fail_with(unavailable))
    monkeypatch.setattr(grading, "load_challenge", lambda name: subprocess.run([sys.executable], check=False))
    assert main(["challenge5"]) == 3
    assert "Close other programs, or raise the limit." in capsys.readouterr().err


def test_something_else_that_is_not_available_is_a_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unavailable = BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    monkeypatch.setattr(grading, "load_challenge", fail_with(unavailable))
    assert main(["challenge5"]) == 3
    assert "This is a fault of the grader." in capsys.readouterr().err


def test_a_current_folder_that_is_removed_meanwhile_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def removed(name: str) -> None:
        folder = tmp_path / "here"
        folder.mkdir()
        os.chdir(folder)
        folder.rmdir()
        Path.cwd()

    monkeypatch.chdir(tmp_path)  # and back at the end
    monkeypatch.setattr(grading, "load_challenge", removed)
    assert main(["challenge5"]) == 2
    assert capsys.readouterr().err == "grade: The current folder has been removed. Go into the project again with cd.\n"


def test_ctrl_c_before_the_first_check_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(grading, "load_challenge", fail_with(KeyboardInterrupt()))
    assert main(["challenge5"]) == 130
    assert capsys.readouterr().err == "grade: stopped.\n"


def test_ctrl_c_between_two_checks_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(runner._ChecksPlugin, "pytest_pyfunc_call", fail_with(KeyboardInterrupt()))
    assert main(["challenge5", "--format", "plain"]) == 130
    assert "Stopped with Ctrl-C before the first check" in capsys.readouterr().out


NO_CHILD = """
    import sys
    from grader.submission.isolation import Isolation
    Isolation.command = lambda *arguments: [sys.executable, "-c", "raise SystemExit('there is no memory left')"]
    from grader.start import run
    sys.argv = ["grade", "challenge5", "--solution", "--isolation", "process"]
    run()
"""


def test_a_child_that_cannot_be_started_is_said_once_and_without_a_traceback(project: Path) -> None:
    """Hypothesis must not try one example after the other on it."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(NO_CHILD)],
        cwd=project,
        env=environment(project),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 3
    assert done.stderr.startswith("grade: the child's nursery has ended: there is no memory left\n")
    assert "Traceback" not in done.stderr
    assert "passed" not in done.stdout
