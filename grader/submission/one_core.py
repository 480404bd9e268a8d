"""Parent and worker on one core, where the system can hold a process to one (Linux).

They take turns: one of them always waits for the other. Handing over to a process on the same core costs a switch;
waking one on another core costs several times as much, which for a thousand short calls was a third of the time of
all checks (measured on two cores of a virtual machine). The core differs from run to run, so that two gradings at once
do not meet on one as a rule.
"""

from __future__ import annotations

import os
import sys


def pick_core() -> int | None:
    """Return a core that this process may run on, None where it cannot be held to one, or has no other."""
    if sys.platform != "linux":
        return None
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[os.getpid() % len(allowed)] if len(allowed) > 1 else None


def hold_to(cores: set[int]) -> set[int]:
    """Hold the calling thread to these cores; return those that it was free to use before."""
    if sys.platform != "linux":
        return set()
    before = os.sched_getaffinity(0)
    if cores:
        os.sched_setaffinity(0, cores)
    return before
