"""The operating system holds the worker to its limits; going over one is an error, and the next check runs."""

from __future__ import annotations

import os
from typing import Any

import pytest

from grader.submission.isolation import Isolation
from grader.submission.problems import OUT_OF_MEMORY, CheckAborted
from grader.verdict import Outcome
from tests.child.conftest import Learner
from tests.child.observing import call, end_of, learner_processes, still_works

MEGABYTE = 1024**2
HEADER = """
import os, resource, signal, time
def fine(): return "fine"
def limit(name): return list(resource.getrlimit(getattr(resource, name)))
def run():
"""


def with_limit(learner: Learner, code: str, **limits: Any) -> Any:
    return learner(HEADER + f"    {code}\n", **limits)


@pytest.mark.parametrize(
    "code",
    [
        "return bytearray(400 * 1024**2)",
        "import torch; return torch.zeros(100 * 1024**2)",
        "import torch; return torch.zeros(100_000, 100_000)",
        "import numpy; return numpy.ones(100 * 1024**2)",
        "many = []\n    while True: many.append(bytearray(1024**2))",
        "raise MemoryError",
    ],
)
def test_too_much_memory_is_an_error_that_says_so(code: str, learner: Learner) -> None:
    submission = with_limit(learner, code, memory_bytes=200 * MEGABYTE)
    end = end_of(submission)
    assert (end.outcome, end.message) == (Outcome.ERROR, OUT_OF_MEMORY)
    assert still_works(submission)


SHARES = """
    import mmap
    kept = []
    for _ in range(100):
        kept.append(mmap.mmap(-1, 20 * 1024**2))
        kept[-1].write(bytes(20 * 1024**2))
    time.sleep(100)
"""
KEEPS_WHAT_IS_SHARED = """
import mmap
kept = []
def run():
    kept.append(mmap.mmap(-1, 40 * 1024**2))
    kept[-1].write(bytes(40 * 1024**2))
    return len(kept)
"""


def test_memory_that_could_be_shared_counts_as_well(learner: Learner) -> None:
    """The system's own limit leaves it out; the parent sees it."""
    submission = learner(HEADER + SHARES, memory_bytes=200 * MEGABYTE)
    assert end_of(submission).message == OUT_OF_MEMORY
    assert still_works(submission)


def test_memory_kept_from_call_to_call_counts_as_well(learner: Learner) -> None:
    """Each call by itself is over before the parent looks at the processes."""
    submission = learner(KEEPS_WHAT_IS_SHARED, memory_bytes=200 * MEGABYTE)
    with pytest.raises(CheckAborted, match="ran out of memory"):
        any(call(submission) is None for _ in range(50))


def test_memory_of_several_processes_is_added_up(learner: Learner) -> None:
    code = (
        HEADER
        + """
    for _ in range(8):
        if os.fork() == 0:
            kept = b"x" * (150 * 1024**2)
            time.sleep(100)
    time.sleep(100)
"""
    )
    submission = learner(code, memory_bytes=200 * MEGABYTE)
    assert end_of(submission).message == OUT_OF_MEMORY
    assert learner_processes(submission.process) == set()


def test_memory_that_processes_share_counts_once(learner: Learner) -> None:
    code = (
        HEADER
        + """
    import torch
    kept = torch.ones(40 * 1024**2)
    children = [os.fork() for _ in range(8) if os.getpid() == parent]
    time.sleep(0.5)
    if os.getpid() != parent:
        os._exit(0)
    return len(children)

parent = os.getpid()
"""
    )
    assert call(learner(code, memory_bytes=300 * MEGABYTE)) == 8


def test_memory_under_the_limit_is_there(learner: Learner) -> None:
    code = "import torch; return len(bytearray(300 * 1024**2)) + torch.ones(25 * 1024**2).numel()"
    assert call(with_limit(learner, code, memory_bytes=500 * MEGABYTE)) == 325 * MEGABYTE


def test_a_file_cannot_grow_over_its_limit(learner: Learner) -> None:
    code = "open(os.environ['HOME'] + '/large', 'wb').write(bytes(3 * 1024**2))"
    submission = with_limit(learner, code, file_bytes=2 * MEGABYTE)
    end = end_of(submission)
    assert end.outcome is Outcome.ERROR
    assert "File too large" in end.message
    assert still_works(submission)


@pytest.mark.parametrize("which", ["RLIMIT_FSIZE", "RLIMIT_DATA", "RLIMIT_NPROC", "RLIMIT_CORE"])
def test_limits_cannot_be_raised_again_even_by_root(which: str, learner: Learner) -> None:
    end = end_of(with_limit(learner, f"resource.setrlimit(resource.{which}, (-1, -1))"))
    assert end.outcome is Outcome.ERROR
    assert "not allowed to raise maximum limit" in end.message


def test_no_privilege_is_left_but_reading_files(learner: Learner) -> None:
    code = "return [line.split()[1] for line in open('/proc/self/status') if line.startswith(('CapPrm', 'CapBnd'))]"
    permitted, bounding = call(with_limit(learner, code))
    assert int(permitted, 16) | 0b100 == 0b100
    assert os.geteuid() != 0 or int(bounding, 16) | 0b100 == 0b100


def test_a_file_of_somebody_else_can_be_read_where_root_grades(learner: Learner, isolation: Isolation) -> None:
    if os.geteuid() != 0 or isolation.program:
        pytest.skip("only root can read it, and not in a namespace where nobody is root")
    submission = learner(HEADER + "    return 5\n")
    os.chown(submission.process.folder / "code.py", 12345, 12345)
    (submission.process.folder / "code.py").chmod(0o600)
    assert call(submission) == 5


def test_no_core_file_is_written(learner: Learner) -> None:
    assert call(with_limit(learner, "return 0"), "limit", "RLIMIT_CORE") == [0, 0]


def test_a_limit_on_processes_is_set(learner: Learner) -> None:
    soft, hard = call(with_limit(learner, "return 0", processes=64), "limit", "RLIMIT_NPROC")
    assert soft == hard
    assert 64 < soft < 100_000


BOMB = """
    for number in range(200):
        if os.fork() == 0:
            time.sleep(100)
    time.sleep(100)
"""


def test_too_many_processes_are_an_error_that_says_so(learner: Learner) -> None:
    """The system's own limit ends it, or for root, whom Linux exempts, the parent's look at the processes."""
    submission = learner(HEADER + BOMB, processes=20)
    end = end_of(submission)
    assert end.outcome is Outcome.ERROR
    assert end.message.startswith("The code started ")
    assert end.message.endswith("Start none.")
    assert learner_processes(submission.process) == set()
    assert still_works(submission)


def test_the_parent_keeps_its_own_limits(learner: Learner) -> None:
    import resource

    before = [resource.getrlimit(which) for which in (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE)]
    call(with_limit(learner, "return 0", memory_bytes=MEGABYTE * 100))
    assert [resource.getrlimit(which) for which in (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE)] == before


PAGE_TABLES = """
    import mmap
    kept = mmap.mmap(-1, 200 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
    for at in range(0, 200 << 30, 2 << 20):
        kept[at]
    time.sleep(100)
"""
WITHOUT_ITS_FIRST_THREAD = """
    import ctypes, threading
    def take():
        time.sleep(0.2)
        kept = b"x" * (150 * 1024**2)
        time.sleep(100)
    for _ in range(6):
        if os.fork() == 0:
            threading.Thread(target=take).start()
            ctypes.CDLL(None).syscall(93 if os.uname().machine == "aarch64" else 60, 0)  # exit, of one thread
    time.sleep(100)
"""


@pytest.mark.parametrize("code", [PAGE_TABLES, WITHOUT_ITS_FIRST_THREAD], ids=["page tables", "no first thread"])
def test_memory_cannot_be_hidden(code: str, learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("grader.submission.overruns.TORCH_BYTES", 300 * MEGABYTE)
    submission = learner(HEADER + code, memory_bytes=40 * MEGABYTE if code is PAGE_TABLES else 300 * MEGABYTE)
    assert end_of(submission).message == OUT_OF_MEMORY
    assert still_works(submission)


def test_many_open_sockets_are_refused(learner: Learner) -> None:
    code = "import socket; kept = [socket.socketpair() for _ in range(1000)]; return len(kept)"
    assert "Too many open files" in end_of(with_limit(learner, code)).message
