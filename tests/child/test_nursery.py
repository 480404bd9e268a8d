"""The nursery forks a new worker quickly, survives what learner code does to it, and ends with the parent."""

from __future__ import annotations

import os
import platform
import signal
import struct
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from grader.errors import GraderError
from grader.submission.isolation import Isolation, choose_isolation
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from grader.verdict import Outcome
from tests.child.conftest import LIMITS, Learner, submit_folder
from tests.child.observing import alive, call, end_of, learner_processes, living, nursery_of, still_works, wait_until

ROOT = Path(__file__).resolve().parents[2]
SOURCE = """
import gc, os, shutil, signal, sys, time, tempfile

def fine(): return "fine"
def pid(): return os.getpid()
def nursery(): return os.getppid()
def die(): os._exit(1)
def started(): return float(open("/proc/self/stat").read().rpartition(")")[2].split()[19])
def loaded(): return "torch" in sys.modules
def collector(): return [gc.isenabled(), gc.get_freeze_count()]
"""


def test_a_new_worker_is_a_fork_of_the_same_nursery(learner: Learner) -> None:
    submission = learner(SOURCE)
    before = call(submission, "pid"), call(submission, "nursery"), nursery_of(submission.process)
    assert end_of(submission, "die").outcome is Outcome.CRASHED
    after = call(submission, "pid"), call(submission, "nursery"), nursery_of(submission.process)
    assert after[0] != before[0]
    assert after[1:] == before[1:]


def test_the_garbage_collector_leaves_what_the_nursery_loaded_alone_and_does_its_work(learner: Learner) -> None:
    enabled, frozen = call(learner(SOURCE), "collector")
    assert enabled
    assert frozen > 10_000


def test_a_new_worker_takes_a_small_part_of_the_first_start(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(SOURCE)
    process = ChildProcess(tmp_path, LIMITS)
    times = []
    for _ in range(4):
        started = time.monotonic()
        call(submit_folder(process, tmp_path), "fine")
        times.append(time.monotonic() - started)
    process.close()
    assert min(times[1:]) < times[0] / 4


def test_learner_code_never_runs_in_the_nursery(learner: Learner) -> None:
    submission = learner("import sys\nsys.marked = True\n" + SOURCE + "def marked(): return hasattr(sys, 'marked')\n")
    assert call(submission, "marked") is True
    submission = learner(SOURCE + "def marked(): return hasattr(sys, 'marked')\n")
    assert call(submission, "marked") is False


HURTS = {
    "killed, and the answer given": "os.kill(os.getppid(), signal.SIGKILL); return 5",
    "stopped, and the answer given": "os.kill(os.getppid(), signal.SIGSTOP); return 5",
    "killed, and an exit": "os.kill(os.getppid(), signal.SIGKILL); os._exit(0)",
    "stopped, and an exit": "os.kill(os.getppid(), signal.SIGSTOP); os._exit(0)",
    "killed, and a loop": "os.kill(os.getppid(), signal.SIGKILL); time.sleep(1000)",
    "stopped, and a loop": "os.kill(os.getppid(), signal.SIGSTOP); time.sleep(1000)",
    "killed, and a daemon left": """
        os.kill(os.getppid(), signal.SIGKILL)
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0: time.sleep(1000)
            os._exit(0)
        os._exit(0)
    """,
    "killed, and its folder removed": """
        shutil.rmtree(os.environ["HOME"]); os.kill(os.getppid(), signal.SIGKILL); os._exit(0)
    """,
    "its folder filled with pipes": """
        for name in ("nursery.log", "log"): os.mkfifo(os.path.join(os.environ["HOME"], name))
        os.kill(os.getppid(), signal.SIGKILL); os._exit(0)
    """,
}


class NoFence(Isolation):
    """What an old kernel offers: learner code may send signals to the nursery."""

    def fence(self, submission: Path, scratch: Path) -> dict[str, list[str]]:
        return {}


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    """A child process of its own, since its nursery is hurt."""
    process = ChildProcess(tmp_path_factory.mktemp("victim"), LIMITS, NoFence("process"))
    yield process
    process.close()


@pytest.mark.parametrize("code", HURTS.values(), ids=HURTS)
def test_a_hurt_nursery_is_replaced(code: str, victim: ChildProcess, tmp_path: Path) -> None:
    body = textwrap.indent(textwrap.dedent(code), "    ")
    (tmp_path / "code.py").write_text(f"{SOURCE}\ndef run():\n{body}\n")
    submission = submit_folder(victim, tmp_path, call_seconds=1.0)
    call(submission, "fine")
    if "return 5" in code:
        assert call(submission) == 5
    else:
        assert end_of(submission).outcome in (Outcome.CRASHED, Outcome.TIMEOUT)
        assert learner_processes(victim) == set()
    submission = submit_folder(victim, tmp_path, call_seconds=20.0)
    assert still_works(submission)
    assert call(submission, "nursery") == nursery_of(victim)
    assert living(victim) == {nursery_of(victim), call(submission, "pid")}


def test_a_nursery_that_is_killed_from_outside_is_started_once_more(tmp_path: Path) -> None:
    process = ChildProcess(tmp_path, LIMITS)
    try:
        for _ in range(2):
            process.start()
            assert process.nursery is not None
            os.kill(process.nursery.pid, signal.SIGKILL)
            (tmp_path / "code.py").write_text(SOURCE)
            assert still_works(submit_folder(process, tmp_path))
            process.end_worker()
    finally:
        process.close()
    assert living(process) == set()


@pytest.mark.parametrize("name", ["process", "auto"])
def test_a_folder_that_is_removed_before_the_first_call_is_said_to_be_gone(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    process = ChildProcess(folder, LIMITS, choose_isolation(name))
    try:
        process.start()
        folder.rmdir()
        end = end_of(Submission(process))
    finally:
        process.close()
    assert end.message == "mine is gone, or may not be read any more. Grade again when it is back."


class KilledAtOnce(Isolation):
    """What happens where there is too little memory for torch."""

    def command(self, *arguments: Any) -> list[str]:
        return [sys.executable, "-c", f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})"]


def test_a_nursery_that_is_killed_every_time_is_said_to_be(tmp_path: Path) -> None:
    process = ChildProcess(tmp_path, LIMITS, KilledAtOnce("process"))
    try:
        with pytest.raises(GraderError, match=r"killed from outside\. Is the machine short of memory"):
            call(submit_folder(process, tmp_path))
    finally:
        process.close()


def test_nothing_of_it_is_left_after_closing(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(SOURCE + "def run():\n    if os.fork() == 0: time.sleep(1000)\n")
    process = ChildProcess(tmp_path, LIMITS)
    call(submit_folder(process, tmp_path))
    assert len(living(process)) == 3
    process.close()
    assert living(process) == set()
    assert not process.scratch.exists()


def test_closing_does_not_wait_for_the_import_of_torch(tmp_path: Path) -> None:
    process = ChildProcess(tmp_path, LIMITS)
    process.start()
    started = time.monotonic()
    process.close()
    assert time.monotonic() - started < 0.5
    assert living(process) == set()


def test_closing_twice_is_closing_once(tmp_path: Path) -> None:
    process = ChildProcess(tmp_path, LIMITS)
    process.start()
    process.close()
    process.close()


PARENT = """
import sys, time
from pathlib import Path
from grader.submission.process import ChildProcess
from grader.submission.remote import Submission
from grader.submission.remote import Submission
from tests.child.conftest import LIMITS

process = ChildProcess(Path(sys.argv[1]), LIMITS)
submission = Submission(process)
submission.function("code", "daemon")()
print(process.scratch, flush=True)
submission.function("code", "loop")()
"""
ENDLESS = """
import os, time
def daemon():
    if os.fork() == 0:
        os.setsid()
        time.sleep(1000)
def loop():
    while True: pass
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "ended"])
def test_everything_ends_with_the_parent(number: int, tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(ENDLESS)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert parent.stdout is not None
    scratch = Path(parent.stdout.readline().decode().strip())
    process = ChildProcess(tmp_path, LIMITS)
    process.scratch.rmdir()
    process.scratch = scratch  # to count that parent's processes
    time.sleep(0.2)
    children = living(process)
    assert len(children) == 3
    parent.send_signal(number)
    parent.wait()
    parent.stdout.close()
    assert wait_until(lambda: not any(map(alive, children)))
    process.close()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def zombies() -> int:
    found = 0
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text(errors="replace").rpartition(")")[2].split()[:2]
        except OSError:
            continue
        found += state == "Z" and int(parent) == os.getpid()
    return found


def test_many_workers_leave_no_descriptor_and_no_zombie(learner: Learner) -> None:
    submission = learner(SOURCE)
    end_of(submission, "die")
    before, nursery = (open_descriptors(), zombies()), nursery_of(submission.process)
    for number in range(40):
        submission.begin_check()
        if number % 2:
            call(submission, "fine")
            submission.process.end_worker()
        else:
            end_of(submission, "die")
    assert (open_descriptors(), zombies()) == before
    assert len(os.listdir(f"/proc/{nursery}/fd")) < 20
    assert nursery_of(submission.process) == nursery


# fork, end the parent, open a session of its own in the child, and over again, 40,000 times: in the processor's own
# language, since Python is so slow at it that each process is seen in /proc.
COMET = bytes.fromhex(
    "bb409c0000"  # mov ebx, 40000
    "b839000000 0f05 85c0 750b"  # fork; the parent jumps to the end
    "b870000000 0f05 ffcb 75ea"  # setsid; count down; jump to fork
    "31ff b83c000000 0f05"  # exit(0)
)
SENDS_IT_OFF = """
import os, time

def run():
    if os.fork() == 0:
        os.execve(os.path.join(os.path.dirname(__file__), "comet"), ["comet"], {})
    time.sleep(0.1)
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the comet is made of instructions of x86-64")
def test_a_process_that_does_nothing_but_fork_and_exit_does_not_outlive_the_child(
    tmp_path: Path, isolation: Isolation
) -> None:
    (tmp_path / "code.py").write_text(SENDS_IT_OFF)
    (tmp_path / "comet").write_bytes(executable(COMET))
    (tmp_path / "comet").chmod(0o755)
    process = ChildProcess(tmp_path, LIMITS, isolation)
    call(submit_folder(process, tmp_path))
    process.close()
    # A generation may be over before /proc has been walked, so one look can miss it.
    assert not any(_runs("comet") for _ in range(30))


def executable(instructions: bytes) -> bytes:
    """Return the smallest ELF file of x86-64: its header, one segment, and these instructions; see elf(5)."""
    size, place = 64 + 56, 0x400000
    header = struct.pack(
        "<4s5B7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 2, 62, 1, place + size, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    length = size + len(instructions)
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, place, place, length, length, 4096) + instructions


def _runs(name: str) -> bool:
    return any(_name(entry) == name for entry in Path("/proc").glob("[0-9]*/comm"))


def _name(entry: Path) -> str:
    try:
        return entry.read_text().strip()
    except OSError:
        return ""
