"""No variable of the user's environment that is meant for other programs, or makes no sense, breaks a run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from grader.variables import forget_what_breaks_a_run
from tests.command.conftest import RUN_SECONDS, Grade, environment

ONE_STEP = ("challenge5", "--only", "log_softmax", "--isolation", "process")
VERDICT = "Not passed yet: 0 of 1 step green."


@pytest.mark.parametrize("name", ["TORCH_LOGS", "PYTEST_DEBUG"])
def test_what_is_meant_for_our_libraries_changes_no_word_of_a_report(name: str, grade: Grade, project: Path) -> None:
    done = grade(*ONE_STEP, cwd=project, **{name: "nonsense"})
    assert done == grade(*ONE_STEP, cwd=project)
    assert (done.status, done.errors) == (1, "")


@pytest.mark.parametrize("form", ["rich", "plain"])
@pytest.mark.parametrize("columns", ["0", "99999999999", "-3", "²", "wide"])
def test_a_width_that_no_terminal_has_is_not_believed(columns: str, form: str, grade: Grade, project: Path) -> None:
    done = grade(*ONE_STEP, "--format", form, cwd=project, COLUMNS=columns, LINES=columns)
    assert (done.status, done.errors) == (1, "")
    assert VERDICT in done.output
    assert max(map(len, done.output.splitlines())) <= 80


@pytest.mark.parametrize(
    ("size", "is_believed"), [("1", True), ("80", True), ("1000", True), ("0", False), ("1001", False), ("", False)]
)
def test_a_size_that_a_terminal_may_have_is_believed(
    size: str, is_believed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", size)
    monkeypatch.setenv("LINES", size)
    forget_what_breaks_a_run()
    assert ("COLUMNS" in os.environ, "LINES" in os.environ) == (is_believed, is_believed)


COUNTS_THREADS = """
    import os
    from grader import command

    def count(arguments):
        import numpy
        print(os.environ["OPENBLAS_NUM_THREADS"], len(os.listdir("/proc/self/task")))
        return 0

    command._dispatch = count
    command.run()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts the threads in /proc")
def test_numpy_starts_no_threads_of_its_own(tmp_path: Path) -> None:
    """Where it may not, as under `ulimit -u`, OpenBLAS sends its own process what Ctrl-C sends."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(COUNTS_THREADS)],
        env=environment(tmp_path, OPENBLAS_NUM_THREADS="4"),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("1 1\n", "")


def test_without_docstrings_one_line_says_what_to_unset(grade: Grade, project: Path) -> None:
    done = grade("challenge5", cwd=project, PYTHONOPTIMIZE="2")
    assert (done.status, done.output, done.errors.count("\n")) == (2, "", 1)
    assert "unset PYTHONOPTIMIZE" in done.errors
