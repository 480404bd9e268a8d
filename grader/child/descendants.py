"""Find and end every process that learner code started, however it hid them.

A process group is not enough: a forked child may open a session of its own. On Linux the nursery and the parent are
"child subreapers" (prctl(2)), so an orphan is handed to them instead of to init, and walking /proc from there finds
it. A process that forks and exits faster than /proc can be walked is still handed over, with each generation, and so
the nursery knows for certain that none is left: when it has no children. Elsewhere only process groups are known, and
only they are ended.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
WAIT_ALL = 0x4000_0000 if sys.platform == "linux" else 0  # __WALL in linux/wait.h: whatever a child sends at its end


def adopt_orphans() -> None:
    """Make this process the new parent of orphaned descendants (Linux; nothing elsewhere)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants(root: int) -> set[int]:
    """Return the process numbers of all living descendants of `root` (empty where there is no /proc)."""
    children: dict[int, list[int]] = {}
    dead: set[int] = set()
    for process in processes():
        try:
            # The command name in parentheses may hold spaces and parentheses itself: cut at the last one.
            state, parent = _start_of(f"/proc/{process}/stat").rpartition(b")")[2].split()[:2]
        except (OSError, ValueError):
            continue  # the process ended while we looked
        children.setdefault(int(parent), []).append(process)
        if state == b"Z" and not _has_threads(process):
            dead.add(process)  # and yet on the way to those that had it as their parent a moment ago
    found: set[int] = set()
    waiting = [root]
    while waiting:
        fresh = [child for child in children.get(waiting.pop(), []) if child not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found - dead


def processes() -> list[int]:
    """Return the numbers of all processes (none where there is no /proc).

    Not with Path.glob(), which looks at each of them again and is upset by one that has ended meanwhile.
    """
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    except OSError:
        return []


def _start_of(file: str) -> bytes:
    """Read a file's first 1024 bytes; a third of the time of `Path.read_text()`, and there are hundreds to be read."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, 1024)
    finally:
        os.close(descriptor)


def _has_threads(process: int) -> bool:
    """True if a process whose first thread has ended goes on in others: /proc calls it a zombie."""
    try:
        return len(os.listdir(f"/proc/{process}/task")) > 1
    except OSError:
        return False


def end_descendants(root: int, *, only: Callable[[int], bool] | None = None, seconds: float = 0.8) -> bool:
    """Kill the descendants of `root` (those that `only` says yes to); True if none was left within `seconds`.

    They are stopped before they are killed, so that none forks away while the list is read.
    """
    deadline = time.monotonic() + seconds
    ended: set[int] = set()
    # Three times none: an orphan that is handed over while the list is read can be missing from it.
    while living := _chosen(root, only) or _chosen(root, only) or _chosen(root, only):
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in living:
                send_signal(process, number)
        ended |= living
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    for process in ended:
        with suppress(ChildProcessError):  # not a child of ours
            os.waitpid(process, os.WNOHANG)
    return True


def end_children(seconds: float) -> bool:
    """Kill the children of this process, and theirs when they are handed over; True if none was left within `seconds`.

    For a process all of whose children may be killed. In a loop that is quick enough to overtake a child that does
    nothing but fork and exit.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            while time.monotonic() < deadline and os.waitpid(-1, os.WNOHANG | WAIT_ALL)[0]:
                pass
        except ChildProcessError:
            return True
        if time.monotonic() > deadline:
            return False
        for process in _children():
            send_signal(process, signal.SIGKILL)
        os.sched_yield()


def _children() -> set[int]:
    """Return the process numbers of this process's children; of all descendants where the kernel keeps no such list."""
    try:
        threads = os.listdir("/proc/self/task")
        return {int(child) for thread in threads for child in _read(f"/proc/self/task/{thread}/children").split()}
    except OSError:  # a kernel without the list, or no Linux
        return descendants(os.getpid())


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _chosen(root: int, only: Callable[[int], bool] | None) -> set[int]:
    return {process for process in descendants(root) if only is None or only(process)}


def has_in_environment(process: int, entry: str) -> bool:
    """True if the process was started with this "NAME=value" in its environment (Linux; False elsewhere)."""
    try:
        return entry.encode() in Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    except OSError:
        return False


def send_signal(process: int, number: int, *, group: bool = False) -> None:
    """Send a signal to a process, or to its group, that may be gone already."""
    try:
        if group:
            os.killpg(process, number)
        else:
            os.kill(process, number)
    except (ProcessLookupError, PermissionError):
        pass


def is_process(process: int) -> bool:
    """True if a process of this number is there, be it one that has ended and is yet to be collected."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def reap() -> dict[int, int]:
    """Collect the children that have ended: process number to wait status."""
    ended: dict[int, int] = {}
    while True:
        try:
            process, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if process == 0:
            return ended
        ended[process] = status
