"""The memory of several processes is added up by what /proc says of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.submission import memory
from grader.submission.memory import take_more_than

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system has no /proc")
MEGABYTE = 1024**2


def test_the_limit_is_between_what_is_taken_and_what_is_not() -> None:
    kept = b"x" * (100 * MEGABYTE)
    assert take_more_than(100 * MEGABYTE, [os.getpid()])
    assert not take_more_than(100_000 * MEGABYTE, [os.getpid()])
    assert len(kept)


def test_processes_that_have_ended_take_nothing() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert not take_more_than(0, [child])


def test_a_process_that_cannot_be_looked_into_counts_with_all_its_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """An old kernel tells less; and a process may keep others than root from looking (PR_SET_DUMPABLE, prctl(2))."""
    monkeypatch.setattr(memory, "PROPORTIONAL", ("Nothing:",))
    assert take_more_than(1 * MEGABYTE, [os.getpid()])


def test_a_process_may_have_any_bytes_as_its_name() -> None:
    """That of a worker may be cut in the middle of a letter: prctl(2) takes 15 bytes."""
    name = Path("/proc/self/comm")
    before = name.read_bytes()
    name.write_bytes(b"\xffname")
    try:
        assert take_more_than(0, [os.getpid()])
    finally:
        name.write_bytes(before.strip())
