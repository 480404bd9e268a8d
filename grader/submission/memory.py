"""How much memory the learner's processes take together, read from /proc.

The system's own limit (`grader.child.limits`) holds for each process by itself, and leaves out memory that processes
share. Both are counted here, by proc(5): anonymous pages, and those of shared mappings.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

RESIDENT = ("RssAnon:", "RssShmem:")  # of status: pages that several processes share count for each of them
PROPORTIONAL = ("Pss_Anon:", "Pss_Shmem:")  # of smaps_rollup: shared pages are split up; takes far longer to find out


def take_more_than(limit: int, processes: Iterable[int]) -> bool:
    """True if these processes take more memory together than `limit`, in bytes (False where there is no /proc)."""
    processes = list(processes)
    return _bytes(processes, "status", RESIDENT) > limit and _bytes(processes, "smaps_rollup", PROPORTIONAL) > limit


def _bytes(processes: Iterable[int], file: str, names: tuple[str, ...]) -> int:
    found = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/{file}").read_text().splitlines()
        except OSError:
            continue  # it has ended, or belongs to the system
        found += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(names))
    return found
