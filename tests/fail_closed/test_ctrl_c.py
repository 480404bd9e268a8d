"""Ctrl-C at the moments at which it is hardest to stop: the run ends, says what it has, and leaves nothing behind.

The moments are made out from outside, by what the processes have loaded and by names that learner code gives its own
process. How long the end takes is measured in `make bench`, not here. tests/command/test_terminals.py has the easier
moments.
"""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from grader import interrupts
from grader.child.descendants import descendants
from grader.command import INTERRUPTED
from tests.child.observing import alive, wait_until
from tests.command.conftest import RUN_SECONDS, environment
from tests.command.test_terminals import open_terminal
from tests.submissions import Answer, write_submission

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/maps").exists(), reason="the moments are made out through /proc, which this system lacks"
)

NAME_ITSELF = "import ctypes\nctypes.CDLL(None).prctl(15, {name!r})\n"  # PR_SET_NAME, linux/prctl.h
HANGS = Answer(
    "a check that hangs",
    "final_token_loss.py",
    bodies={"final_token_loss": NAME_ITSELF.format(name=b"hanging") + "while True:\n    pass"},
)
STEP = "    optimizer.step()\n"
SAYS_WHEN = Answer(
    "a training step that says when the smoke test trains",
    "training.py",
    edits={
        STEP: "    if model.token_embedding.num_embeddings > 1000:\n"
        + "        __import__('ctypes').CDLL(None).prctl(15, b'smoking')\n"
        + STEP
    },
)


def loads_torch(process: int) -> bool:
    """True once the library is there; running its Python files takes seconds more."""
    try:
        return "libtorch_cpu" in Path(f"/proc/{process}/maps").read_text(errors="replace")
    except OSError:
        return False


def has_below(name: str) -> Callable[[int], bool]:
    """True if some descendant has given itself this name."""

    def is_called(process: int) -> bool:
        try:
            return Path(f"/proc/{process}/comm").read_text(errors="replace").strip() == name
        except OSError:
            return False

    return lambda process: any(map(is_called, descendants(process)))


@dataclass(frozen=True)
class Moment:
    """When to press Ctrl-C, and how many checks must have been graded by then, at least."""

    answer: Answer
    has_come: Callable[[int], bool]  # of the parent's process number
    graded: int


MOMENTS = {
    "while torch is imported": Moment(HANGS, loads_torch, 0),
    "while a check hangs": Moment(HANGS, has_below("hanging"), 8),
    "while the smoke test trains": Moment(SAYS_WHEN, has_below("smoking"), 40),
}


@dataclass(frozen=True)
class Stopped:
    """A run after its end: `living` are processes that it had before and that are still there."""

    moment: Moment
    status: int
    output: str = field(repr=False)
    errors: str
    living: set[int]
    left: list[str]  # in the folder for temporary files


def stop(name: str, form: str, folder: Path) -> Stopped:
    """Grade with this form of report, and press Ctrl-C at the moment of this name."""
    moment, temporary = MOMENTS[name], folder / "tmp"
    temporary.mkdir()
    submission = write_submission(folder / "submission", moment.answer.files())
    output, errors = folder / "output", folder / "errors"
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "grader", "challenge5", str(submission), "--format", form],
            cwd=folder,
            env=environment(folder, TMPDIR=str(temporary)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    try:
        wait_until(lambda: process.poll() is not None or moment.has_come(process.pid), RUN_SECONDS)
        assert process.poll() is None, errors.read_text()
        before = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        status = process.wait(RUN_SECONDS)
    finally:
        process.kill()
    return Stopped(moment, status, output.read_text(), errors.read_text(), survivors(before), entries(temporary))


def survivors(processes: set[int]) -> set[int]:
    wait_until(lambda: not any(map(alive, processes)), seconds=1.0)
    return set(filter(alive, processes))


def entries(folder: Path) -> list[str]:
    return [entry.name for entry in folder.glob("fine-dropout-*")]


@pytest.fixture(scope="module", params=MOMENTS)
def as_json(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    return stop(request.param, "json", tmp_path_factory.mktemp("json"))


@pytest.fixture(scope="module")
def in_a_hanging_check(tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    return stop("while a check hangs", "plain", tmp_path_factory.mktemp("plain"))


def test_the_report_is_whole(as_json: Stopped) -> None:
    report = json.loads(as_json.output)
    assert report["passed"] is False
    assert len(report["checks"]) >= as_json.moment.graded
    assert {check["outcome"] for check in report["checks"]} <= {"passed"}
    assert report["smoke"] is None


def test_the_status_is_its_own(as_json: Stopped) -> None:
    assert as_json.status == INTERRUPTED


def test_there_is_one_line_of_explanation_and_no_traceback(as_json: Stopped) -> None:
    assert as_json.errors == "grade: stopped.\n"


def test_no_process_is_left(as_json: Stopped) -> None:
    assert as_json.living == set()


def test_no_scratch_folder_is_left(as_json: Stopped) -> None:
    assert as_json.left == []


def test_what_was_graded_so_far_is_said(in_a_hanging_check: Stopped) -> None:
    assert in_a_hanging_check.status == INTERRUPTED
    assert "Stopped with Ctrl-C, so not passed. Until then " in in_a_hanging_check.output
    assert in_a_hanging_check.output.count("\n  passed") >= in_a_hanging_check.moment.graded


@pytest.mark.parametrize("name", ["while torch is imported", "while a check hangs"])
def test_the_key_itself_on_a_terminal_does_the_same(name: str, tmp_path: Path) -> None:
    moment = MOMENTS[name]
    submission = write_submission(tmp_path / "submission", moment.answer.files())
    terminal = open_terminal(tmp_path, tmp_path, "challenge5", str(submission))
    assert wait_until(lambda: not terminal.read(0.0) or moment.has_come(terminal.process.pid), RUN_SECONDS)
    before = descendants(terminal.process.pid)
    terminal.press_ctrl_c()
    assert terminal.process.returncode == INTERRUPTED
    assert "Stopped with Ctrl-C" in terminal.text
    assert terminal.text.endswith("grade: stopped.\n")
    assert survivors(before) == set()
    assert entries(tmp_path) == []


def test_a_second_key_within_a_second_is_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    monkeypatch.setattr(interrupts, "_pressed", -math.inf)
    with pytest.raises(KeyboardInterrupt):
        interrupts.interrupt(signal.SIGINT, None)
    now += 0.9
    interrupts.interrupt(signal.SIGINT, None)
    now += 0.2
    with pytest.raises(KeyboardInterrupt):
        interrupts.interrupt(signal.SIGINT, None)


PRESSED_IN_THE_GARBAGE_COLLECTOR = """
    import gc, os, signal, sys
    from grader.start import run

    def press_once(phase, info):
        if "grader.checking.runner" in sys.modules:
            gc.callbacks.remove(press_once)
            os.kill(os.getpid(), signal.SIGINT)

    gc.callbacks.append(press_once)
    sys.argv = ["grade", "challenge5", sys.argv[1], "--format", "json"]
    run()
"""


PRESSED_WHERE_IT_IS_SWALLOWED = """
    import os, signal, sys
    from grader.start import run

    class Swallows:
        def find_spec(self, name, path=None, target=None):
            if name == "torch":
                sys.meta_path.remove(self)
                try:
                    os.kill(os.getpid(), signal.SIGINT)
                except KeyboardInterrupt:
                    pass

    sys.meta_path.insert(0, Swallows())
    sys.argv = ["grade", "challenge5", sys.argv[1], "--format", "json"]
    run()
"""

PRESSED_WHERE_HYPOTHESIS_BEGINS = """
    import os, signal, sys
    from hypothesis import core
    from grader.start import run

    begun = []

    class Presses(core.ConjectureRunner):
        def __init__(self, *args, **options):
            begun.append(self)
            if len(begun) == {number}:
                os.kill(os.getpid(), signal.SIGINT)
            super().__init__(*args, **options)

    core.ConjectureRunner = Presses
    sys.argv = ["grade", "challenge5", sys.argv[1], "--format", "json"]
    run()
"""


@pytest.mark.parametrize(
    "code",
    [
        PRESSED_IN_THE_GARBAGE_COLLECTOR,
        PRESSED_WHERE_IT_IS_SWALLOWED,
        PRESSED_WHERE_HYPOTHESIS_BEGINS.format(number=1),
        PRESSED_WHERE_HYPOTHESIS_BEGINS.format(number=5),
    ],
    ids=["in the garbage collector", "in an import", "before the first check", "at the beginning of a check"],
)
def test_it_is_not_lost(code: str, tmp_path: Path) -> None:
    """Python does no more than report an exception in a callback of the collector, and Hypothesis has one.

    Where C code imports a module, as that of ElementTree does, it may take every exception for "not there". And
    Hypothesis itself fails with another one where it has not quite begun.
    """
    submission = write_submission(tmp_path / "submission", {})
    done = subprocess.run(
        [sys.executable, "-c", dedent(code), str(submission)],
        cwd=tmp_path,
        env=environment(tmp_path, TMPDIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr) == (INTERRUPTED, "grade: stopped.\n")
    assert json.loads(done.stdout)["passed"] is False


PRESSED_WHILE_THE_COMMAND_LOADS = """
    import os, signal, sys

    class Presses:
        def find_spec(self, name, path=None, target=None):
            if name == "grader.command":
                os.kill(os.getpid(), signal.SIGINT)

    {before}
    sys.meta_path.insert(0, Presses())
    import grader.start
    print("loaded")
"""


@pytest.mark.parametrize(
    ("before", "status", "output"),
    [("", -signal.SIGINT, ""), ("signal.signal(signal.SIGINT, signal.SIG_IGN)", 0, "loaded\n")],
    ids=["in the foreground", "in the background, where it is ignored"],
)
def test_it_is_quiet_from_the_beginning(before: str, status: int, output: str) -> None:
    code = dedent(PRESSED_WHILE_THE_COMMAND_LOADS).format(before=before)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, output, "")


@pytest.mark.parametrize("isolation", ["process", "bwrap"])
@pytest.mark.parametrize("gap", [0.002, 0.008, 0.02, 0.05])
def test_a_second_key_while_the_first_takes_effect_leaves_nothing_behind(
    gap: float, isolation: str, tmp_path: Path
) -> None:
    if isolation == "bwrap" and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    moment, temporary = MOMENTS["while a check hangs"], tmp_path / "tmp"
    temporary.mkdir()
    submission = write_submission(tmp_path / "submission", moment.answer.files())
    options = ["--only", "final_token_loss", "--isolation", isolation]
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "challenge5", str(submission), *options],
        cwd=tmp_path,
        env=environment(tmp_path, TMPDIR=str(temporary)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert wait_until(lambda: moment.has_come(process.pid), RUN_SECONDS)
        before = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        time.sleep(gap)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=RUN_SECONDS)
    finally:
        process.kill()
    assert process.returncode in (INTERRUPTED, -signal.SIGINT)
    assert "Traceback" not in errors
    assert survivors(before) == set()
    assert entries(temporary) == []
