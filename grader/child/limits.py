"""Limits that the operating system holds the worker to: memory, processes, files, no core files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from grader.child.descendants import processes

OPEN_FILES = 512  # each may be a socket or a pipe, whose buffers are memory that no other limit counts


def apply_limits(limits: dict[str, Any]) -> None:
    """Set the resource limits of this process, where the system has them (not on Windows).

    Args:
        limits: `memory_bytes` beyond what the process uses now, `processes` beyond what its user runs now,
            `file_bytes` for any file it writes. A limit is never raised above one already in force.
    """
    if sys.platform == "win32":
        return
    import resource

    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    _lower(resource.RLIMIT_FSIZE, limits["file_bytes"])
    if sys.platform == "linux":
        # RLIMIT_DATA counts memory that is really private and writable; RLIMIT_AS would also count the address
        # space that torch and a GPU driver only reserve.
        _lower(resource.RLIMIT_DATA, _data_bytes() + limits["memory_bytes"])
        # The system counts all processes and threads of the user (and none of root's), so ours come on top.
        _lower(resource.RLIMIT_NPROC, _threads_of_user() + limits["processes"])


def _lower(which: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(which)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(which, (value, value))


def _data_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0


def _threads_of_user() -> int:
    user, threads = os.getuid(), 0
    for process in processes():
        folder = Path(f"/proc/{process}")
        try:
            if folder.stat().st_uid == user:
                threads += len(os.listdir(folder / "task"))
        except OSError:
            continue  # ended while we counted
    return threads
