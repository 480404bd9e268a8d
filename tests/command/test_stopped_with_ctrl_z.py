"""Ctrl-Z and `fg` cost nobody a check: the time that the grader sleeps counts for no limit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.child.observing import wait_until
from tests.command.conftest import ROOT, environment
from tests.submissions import Answer, write_submission

pytestmark = pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="the moment is made out through /proc")

SLEEP = 3.0  # seconds; longer than the limits below
LIMITS = {"call_seconds": 2.5, "check_seconds": 2.8}
ONCE = """if not hasattr(torch, "was_slow"):
    torch.was_slow = True
    import time
    __import__("ctypes").CDLL(None).prctl(15, b"{name}")  # PR_SET_NAME, linux/prctl.h
    {slow}
return torch.log_softmax(logits, dim=-1)
"""


def grade_and_stop(tmp_path: Path, slow: str) -> dict[str, str]:
    """Grade a right answer that is slow once, and stop the grader then; the outcomes of the checks by id."""
    name = f"slow{os.getpid()}"
    body = ONCE.format(name=name, slow=slow)
    folder = write_submission(
        tmp_path / "submission", Answer("slow once", "log_softmax.py", bodies={"log_softmax": body}).files()
    )
    program = [sys.executable, "-m", "tests.hostile.watched_run", "--limits", json.dumps(LIMITS)]
    options = ["--only", "log_softmax", "--format", "json", "--isolation", "process"]
    with subprocess.Popen(
        [*program, "challenge5", str(folder), *options], env=environment(tmp_path), cwd=ROOT, stdout=subprocess.PIPE
    ) as grader:
        assert wait_until(lambda: is_there(name), seconds=60.0)
        stop(grader.pid)
        output, _ = grader.communicate()
    return {check["id"]: check["outcome"] for check in json.loads(output)["checks"]}


def is_there(name: str) -> bool:
    return any(named(comm) == name for comm in Path("/proc").glob("[0-9]*/comm"))


def named(comm: Path) -> str:
    try:
        return comm.read_text(errors="replace").strip()
    except OSError:
        return ""


def stop(process: int) -> float:
    """Stop a process for a while; return for how long, in seconds."""
    os.kill(process, signal.SIGSTOP)
    started = time.monotonic()
    time.sleep(SLEEP)
    os.kill(process, signal.SIGCONT)
    return time.monotonic() - started


@pytest.mark.parametrize("slow", ["time.sleep(0.2)", f"time.sleep({SLEEP + 0.5})"], ids=["before", "after"])
def test_an_answer_that_comes_before_or_after_the_grader_wakes_is_taken(slow: str, tmp_path: Path) -> None:
    outcomes = grade_and_stop(tmp_path, slow)
    assert set(outcomes.values()) == {"passed"}


def test_what_does_not_end_is_still_ended_after_it_wakes(tmp_path: Path) -> None:
    outcomes = grade_and_stop(tmp_path, "time.sleep(1000)")
    assert "timeout" in outcomes.values()


COUNTS = """
import sys, time
from grader.clock import awake_seconds, stand_still_while_stopped
stand_still_while_stopped()
def count(seconds):
    started, awake = time.monotonic(), awake_seconds()
    print("begins", flush=True)
    while awake_seconds() < awake + seconds:
        {work}
    return time.monotonic() - started
print(count(1.0))
"""


@pytest.mark.parametrize("work", ["pass", "time.sleep(0.2)", "sum(range(10**6))"])
def test_the_clock_stands_still_whatever_the_grader_was_doing(work: str) -> None:
    program = [sys.executable, "-c", COUNTS.format(work=work)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=ROOT) as counting:
        assert counting.stdout is not None
        counting.stdout.readline()
        time.sleep(0.3)
        slept = stop(counting.pid)
        took = float(counting.stdout.readline())
    assert took > slept + 0.65  # with a clock that goes on it would end on waking, after slept + 0.3
    assert took < slept + SLEEP  # a second as a rule; a busy machine may add to it


def test_being_told_to_go_on_without_having_been_stopped_changes_nothing() -> None:
    program = [sys.executable, "-c", COUNTS.format(work="time.sleep(0.05)")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=ROOT) as counting:
        assert counting.stdout is not None
        counting.stdout.readline()
        for _ in range(50):
            os.kill(counting.pid, signal.SIGCONT)
            time.sleep(0.01)
        took = float(counting.stdout.readline())
    assert 1.0 <= took < SLEEP
