"""A fault of the grader is called one: status 3, what happened, and where to report it; never a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from grader import grading
from grader.checking import runner
from grader.command import WHERE_TO_REPORT, main
from grader.errors import GraderError
from grader.submission.process import ChildProcess


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
    assert capsys.readouterr().err == f"grade: challenge.toml: KeyError: 'step'\n{WHERE_TO_REPORT}\n"


def test_an_unexpected_exception_shows_its_traceback_and_where_to_report_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(grading, "load_challenge", fail_with(ZeroDivisionError("a bug")))
    assert main(["challenge5"]) == 3
    errors = capsys.readouterr().err
    assert "ZeroDivisionError: a bug" in errors
    assert errors.endswith(f"{WHERE_TO_REPORT}\n")


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
    monkeypatch.setattr(grading._Run, "_run_checks", fail_with(BrokenPipeError()))
    monkeypatch.setattr("os.dup2", lambda *descriptors: None)  # the output is pytest's own here
    assert main(["challenge5", "--format", "plain"]) == 1
    assert capfd.readouterr().err == ""


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
