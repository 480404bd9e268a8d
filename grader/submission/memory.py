"""How much memory the learner's processes take together, read from /proc.

The system's own limit (`grader.child.limits`) holds for each process by itself, and leaves out memory that processes
share. Both are counted here, by proc(5): anonymous pages, and those of shared mappings.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

RESIDENT = ("RssAnon:", "RssShmem:")  # of status: pages that several processes share count for each of them
PROPORTIONAL = ("Pss_Anon:", "Pss_Shmem:")  # of smaps_rollup: shared pages are split up; takes far longer to find out
INHERITED = 128 * 1024**2  # bytes, somewhat less than what a fork of the nursery shares with it
FEW = 8  # processes: so many are looked at closely in a few milliseconds
TABLES = ("VmPTE:",)  # of status: what the kernel needs to find the pages of a process


def take_more_than(limit: int, processes: Iterable[int]) -> bool:
    """True if these processes take more memory together than `limit`, in bytes (False where there is no /proc)."""
    processes = list(processes)
    return _at_most(processes) > limit and sum(map(_proportional, processes)) > limit


def _at_most(processes: list[int]) -> int:
    """Estimate, in bytes and quickly, what they take: a slow look would give a fork bomb the time to grow."""
    inherited = INHERITED if len(processes) > FEW else 0
    return sum(max(0, _resident(process) - inherited) for process in processes)


def _resident(process: int) -> int:
    return _bytes(process, "status", RESIDENT + TABLES) or 0


def _proportional(process: int) -> int:
    found = _bytes(process, "smaps_rollup", PROPORTIONAL)
    if found is None:  # an old kernel; or a process that keeps others from looking
        return _resident(process)
    return found + (_bytes(process, "status", TABLES) or 0)


def _bytes(process: int, file: str, names: tuple[str, ...]) -> int | None:
    """Add up these lines of a file in /proc; None where there are none, or the process has ended."""
    folder = Path(f"/proc/{process}")
    found = _sum(folder / file, names)
    if found is None:  # its first thread may have ended before the others: then they know
        found = next((one for task in folder.glob("task/*") if (one := _sum(task / file, names)) is not None), None)
    return found


def _sum(path: Path, names: tuple[str, ...]) -> int | None:
    try:
        lines = path.read_text(errors="replace").splitlines()  # a process may have any bytes as its name
    except OSError:
        return None
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith(names)]
    return sum(found) if found else None
