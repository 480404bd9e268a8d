"""Runs the grader's command as a process of its own and tells which processes it left behind. A script.

Every process that outlives the grader, whatever session or parent it gave itself, falls to this one ("child
subreaper", see `grader.child.descendants`), and to no other run that goes on beside it.

    python -m tests.hostile.watched_run LIMITS ARGUMENT...

LIMITS is a JSON object of limits that replace the challenge's own. Prints one JSON object, a `Watched`.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from os import getpid
from pathlib import Path

from grader.child.descendants import adopt_orphans, descendants, end_descendants, reap

RUN_SECONDS = 240  # a run takes three on an idle machine, and this one may be shared by many
DYING_SECONDS = 1.0  # within which a process that the grader has killed must be gone
ON_STANDARD_INPUT = "nothing for learners to read\n"


@dataclass(frozen=True)
class Watched:
    """A run of the command, over. `left` are the command lines of the processes that are still alive."""

    status: int | None
    output: str
    errors: str
    left: list[str]


def watch(limits: dict[str, float], arguments: list[str]) -> Watched:
    """Run the command; end what it leaves, after it has been noted."""
    adopt_orphans()
    # With other limits it is the same command in the same kind of process; only the challenge that it loads differs.
    program = [sys.executable, "-m", "tests.hostile.watched_run", "--limits", json.dumps(limits)]
    command = [*program, *arguments] if limits else [sys.executable, "-m", "grader", *arguments]
    try:
        done = subprocess.run(
            command, input=ON_STANDARD_INPUT, capture_output=True, text=True, timeout=RUN_SECONDS, check=False
        )
        status, output, errors = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as end:
        status, output, errors = None, str(end.stdout), f"no end within {RUN_SECONDS} s: {end.stderr!r}"
    left = [command_line(process) for process in still_alive()]
    end_descendants(getpid())
    return Watched(status, output, errors, left)


def still_alive() -> set[int]:
    deadline = time.monotonic() + DYING_SECONDS
    while (found := descendants(getpid())) and time.monotonic() < deadline:
        reap()
        time.sleep(0.01)
    return found


def command_line(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return f"process {process}, gone by now"


def grade_with_limits(limits: dict[str, float], arguments: list[str]) -> int:
    """Be the grader's command, for a challenge that has these limits."""
    from grader import grading
    from grader.challenge import Challenge, load_challenge
    from grader.command import main

    def load(name: str) -> Challenge:
        challenge = load_challenge(name)
        return replace(challenge, limits=replace(challenge.limits, **limits))

    grading.load_challenge = load  # type: ignore[attr-defined]
    return main(arguments)


if __name__ == "__main__":
    if sys.argv[1] == "--limits":
        sys.exit(grade_with_limits(json.loads(sys.argv[2]), sys.argv[3:]))
    json.dump(asdict(watch(json.loads(sys.argv[1]), sys.argv[2:])), sys.stdout)
