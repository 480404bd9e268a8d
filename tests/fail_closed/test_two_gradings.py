"""Gradings on one machine at the same time, of one folder and of several, do not notice each other."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.child.descendants import descendants
from tests.child.observing import wait_until
from tests.command.conftest import RUN_SECONDS, environment
from tests.fail_closed.test_ctrl_c import entries, has_below, survivors
from tests.submissions import Answer, write_submission

pytestmark = pytest.mark.skipif(not Path("/proc/self/comm").exists(), reason="there is no /proc to look for them in")

FLOODS = Answer(
    "floods its output and never answers",
    "log_softmax.py",
    bodies={
        "log_softmax": """
            import ctypes, threading
            ctypes.CDLL(None).prctl(15, b"flooding")  # PR_SET_NAME, linux/prctl.h
            for _ in range(4):
                threading.Thread(target=lambda: [print("x" * 100_000) for _ in iter(int, 1)], daemon=True).start()
            while True:
                print("y" * 100_000)
            """
    },
)
STEPS = ("--only", "log_softmax", "--only", "final_token_loss")


@dataclass
class Together:
    """The gradings of one test: a hostile one that goes on until the end, and right answers beside it."""

    hostile: subprocess.Popen[bytes]
    hostile_folder: Path
    reports: list[dict[str, Any]]
    errors: list[str]
    went_on: bool  # the hostile one was still under way when the others were done


def start(submission: Path, home: Path) -> subprocess.Popen[bytes]:
    home.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "grader", "challenge5", str(submission), *STEPS, "--format", "json"],
        cwd=home,
        env=environment(home, TMPDIR=str(home)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Together]:
    folder = tmp_path_factory.mktemp("together")
    shared, own = (write_submission(folder / name, {}) for name in ("shared", "own"))
    hostile = start(write_submission(folder / "hostile", FLOODS.files()), folder / "hostile-home")
    try:
        wait_until(lambda: hostile.poll() is not None or has_below("flooding")(hostile.pid), RUN_SECONDS)
        assert hostile.poll() is None
        right = [start(submission, folder / "home") for submission in (shared, shared, own)]
        ends = [process.communicate(timeout=RUN_SECONDS) for process in right]
        reports = [json.loads(output) for output, _ in ends]
        errors = [error.decode() for _, error in ends]
        yield Together(hostile, folder / "hostile-home", reports, errors, hostile.poll() is None)
    finally:
        hostile.kill()
        hostile.communicate()


def test_right_answers_pass_beside_a_hostile_one(together: Together) -> None:
    assert together.errors == ["", "", ""]
    for report in together.reports:
        assert {check["outcome"] for check in report["checks"]} == {"passed"}


def test_gradings_of_one_folder_find_the_same_as_one_of_another(together: Together) -> None:
    def found(report: dict[str, Any]) -> list[tuple[str, str, int]]:
        return [(check["id"], check["outcome"], check["examples"]) for check in report["checks"]]

    first, second, third = map(found, together.reports)
    assert first == second == third


def test_nothing_of_them_is_left(together: Together) -> None:
    assert entries(together.hostile_folder.parent / "home") == []


def test_the_hostile_one_went_on_meanwhile_and_ends_by_itself_alone(together: Together) -> None:
    assert together.went_on
    before = descendants(together.hostile.pid)
    together.hostile.send_signal(signal.SIGINT)
    together.hostile.communicate(timeout=RUN_SECONDS)
    assert survivors(before) == set()
    assert entries(together.hostile_folder) == []
